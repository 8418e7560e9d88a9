//! THE STARTUP FILES OF SHELLS: which file a shell reads, the lines for it, and the marked block that holds them.
//!
//! [`lines`] writes what a shell runs when it begins; [`place`] says where it looks; [`block`] puts the lines into a
//! file and takes them out again, so that every other byte stays.

pub(crate) mod block;
pub(crate) mod lines;
pub(crate) mod place;

use crate::inject::shell::Shell;

/// The shells that read a file when a person opens them.
pub(crate) const SHELLS: [Shell; 7] =
    [Shell::Bash, Shell::Zsh, Shell::Sh, Shell::Fish, Shell::PowerShell, Shell::Nu, Shell::Elvish];
