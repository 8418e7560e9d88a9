//! The journeys of people, through the real binary: one program, so that it links once.
#![allow(clippy::unwrap_used, reason = "a test that can't go on should stop")]
#![allow(clippy::disallowed_methods, reason = "the rules about the environment are for what ships")]
#![allow(dead_code, reason = "what one platform's tests do not use, another's do")]
#![allow(unreachable_pub, reason = "there is no public here")]

mod support;

mod add;
mod audit;
#[cfg(target_os = "linux")]
mod bridge;
mod check;
#[cfg(target_os = "linux")]
mod client_starts;
#[cfg(target_os = "linux")]
mod clients;
#[cfg(target_os = "linux")]
mod clip;
mod concurrency;
#[cfg(target_os = "linux")]
mod crash;
mod delete;
mod export_env;
mod faults;
#[cfg(unix)]
mod first_day;
mod get;
mod golden;
mod headers;
mod help;
mod house_rules;
mod import;
#[cfg(target_os = "linux")]
mod import_crash;
mod incident;
mod init;
mod list;
mod lockdown;
#[cfg(target_os = "linux")]
mod mcp;
#[cfg(target_os = "linux")]
mod memory;
mod placeholders;
mod pre_commit;
mod protect;
#[cfg(target_os = "linux")]
mod protect_clients;
#[cfg(target_os = "linux")]
mod protect_crash;
mod ps;
#[cfg(unix)]
mod readme;
mod remind;
mod rotate;
mod run;
#[cfg(target_os = "linux")]
mod secret_service;
mod servers;
mod settings;
mod setup;
mod store;
#[cfg(unix)]
mod terminal;
#[cfg(target_os = "linux")]
mod together_crash;
mod unfinished;
