//! The configuration file, and what is remembered between starts.
