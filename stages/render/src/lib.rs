//! render: pages, their text layer and their images, from PDFium in child processes.
