//! `mcpcred` keeps the tokens of MCP servers in the operating system's own store.

mod app;
mod cli;
mod clock;
mod credential;
mod credentials;
mod environment;
mod failure;
mod index;
mod inject;
mod name;
mod os;
mod secret;
mod settings;
mod store;
mod ui;
mod unlocking;

/// Runs the program: arguments and environment in, exit status out.
pub fn run() -> std::process::ExitCode {
    cli::run()
}
