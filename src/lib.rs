//! `mcpcred` keeps the tokens of MCP servers in the operating system's own credential store, and hands each one
//! only to the process that needs it.
//!
//! # The map of the house
//!
//! `mcpcred X` is `src/cli/x.rs`; its thinking is in the module that this file calls; its story is `tests/x.rs`.
//! Arrows point down only, and `tests/house_rules.rs` holds that:
//!
//! ```text
//! cli ──► app ──► unlocking ──► settings   failure   ui     what a person types, sees and sets
//!  │       │                                 │
//!  │       │                                 │
//!  ├► startup   setup                         │              what shells run when they begin · servers for clients
//!  ▼       │                                 │
//! check ──► configuration ──► document       │              what clients are set to do, and what is wrong with it
//!  │ │ │   │                                 │
//!  │ │ └──► recognise ──► reference          │              secrets in text · placeholders
//!  │ │ │       ▲                             │
//!  │ │ │     import ◄──── cli                │              values where they lie today
//!  │ └────► live ───────► catalog            │              providers asked · what is known of servers and clients
//!  ▼       ▼                                 ▼
//!     credentials ◄──────────────────────  inject           values and facts in step · values on their way out
//!       │       │
//!       ▼       ▼
//!     index  audit ──► store                                facts in a readable file · who used what · bytes under keys
//!       │      │        │
//!       ▼      ▼        ▼
//!     lockdown ──► children  credential  name  slip  basic  secret  clock  environment  os   what everybody may use
//! ```
//!
//! - [`cli`]: one file a command: its flags above, what it does below.
//! - [`app`]: everything that a command has at hand; [`unlocking`]: how stores are opened on this machine.
//! - [`failure`]: every hint and every exit status, on one page.
//! - [`slip`]: notices a value where a name belongs; [`basic`]: user and password in base64.
//! - [`settings`]: flag over environment over project over user over default; [`environment`]: read there alone.
//! - [`rotation`]: how often values are replaced, and by which programs of the person; [`reminder`]: the timer of the
//!   system that tells what is due.
//! - [`ui`]: data on stdout, words on stderr, questions on the controlling terminal.
//! - [`inject`]: quoting for twelve shells and formats, and the environment of a child.
//! - [`startup`]: the files that shells read when they begin, the lines for them, and the block that holds the lines.
//! - [`setup`]: a server of the catalog as each client writes it, and putting it into a configuration.
//! - [`check`]: the preflight: rules that make findings, and the five ways to write them down.
//! - [`children`]: the programs that `run` started and that still run.
//! - [`lockdown`]: the marker that stops values from being handed out, and the list of what is to be revoked.
//! - [`configuration`]: which files clients read here, and the servers in them; [`document`]: JSON, TOML and YAML as one
//!   tree with the place of every value; [`mod@reference`]: placeholders as each client understands them.
//! - [`protect`]: what lies in the open, how each client gets it otherwise, and where copies of it are.
//! - [`import`]: values where they lie today: `.env` files in both dialects, variables, items of other programs, `pass`.
//! - [`rewrite`]: several files of other programs replaced as one act, under their clients' own locks.
//! - [`undo`]: edits of configurations as one act, on record without a secret, and put back byte for byte.
//! - [`recognise`]: what is a secret in a text; [`live`]: whether its provider accepts it.
//! - [`catalog`]: servers, providers and clients as data, and what publishers declare.
//! - [`credentials`]: add, read, rotate, delete, move, rebuild and repair, each of which may be killed at any point.
//! - [`audit`]: every operation as one line, each bound to the one before by a key that rests in the store.
//! - [`index`]: what is known about every credential, without a secret.
//! - [`store`]: one trait of seven methods. `keychain` and `wincred` are thin files over one adapter on `keyring-core`;
//!   `secret_service` has a client of its own, for speed and because GNOME Keyring can abort on how the library
//!   begins; `sealed` adds files for what they can't hold; `vault` is the encrypted file; `detect` finds out what is
//!   there.
//! - [`os`]: files that are replaced atomically, locks, processes, the clipboard, hardening.
//! - [`secret`]: the one type that holds secret bytes. The files that may look into it are listed in
//!   `tests/house_rules.rs`.
//!
//! # How nothing is lost
//!
//! Every change of a credential holds `index.lock`, notes in the index what it is about to do, changes the store,
//! reads back what it wrote, and then notes that it is done. `tests/crash.rs` kills it at every step. What is stored
//! together takes these steps together, and is on record line by line (`tests/together_crash.rs`).
//!
//! # How fast it is
//!
//! No command does work that it does not need: no store is opened before a value is asked for, the index is one small
//! file, and the Secret Service gives any number of values in three round trips (`store/secret_service`).
//! `.ci/bench` prints the figures beside those of the peers.

#![allow(rustdoc::private_intra_doc_links, reason = "the map is for people who look inside")]

mod app;
mod audit;
mod basic;
mod catalog;
mod check;
mod children;
mod cli;
mod clock;
mod configuration;
mod credential;
mod credentials;
mod document;
mod environment;
mod failure;
#[cfg(fuzzing)]
pub mod fuzz;
mod import;
mod index;
mod inject;
mod live;
mod lockdown;
mod name;
mod os;
mod protect;
mod recognise;
mod reference;
mod reminder;
mod rewrite;
mod rotation;
mod secret;
mod settings;
mod setup;
mod slip;
mod startup;
mod store;
mod ui;
mod undo;
mod unlocking;

/// Runs the program: arguments and environment in, exit status out.
pub fn run() -> std::process::ExitCode {
    cli::run()
}
