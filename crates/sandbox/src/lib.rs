//! Native code in a child process: limits, time-out, kill.
