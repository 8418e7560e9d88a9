//! `mcpcred`: arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    mcpcred::run()
}
