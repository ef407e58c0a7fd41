//! sink: the results topic and result files.
