//! The commands for scripts and CI, and the program's entry.

use std::process::ExitCode;

/// Runs the program with the process's arguments.
pub fn main() -> ExitCode {
    ExitCode::from(2)
}
