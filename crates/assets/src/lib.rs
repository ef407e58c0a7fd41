//! Native libraries and model weights: fetched by name, version and hash, cached, verified.
