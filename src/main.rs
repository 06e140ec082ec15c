//! The `lockstep` program: everything is in the library.
use std::process::ExitCode;

fn main() -> ExitCode {
    lockstep::cli::main()
}
