//! `ServerEntry`: a server as one client's configuration has it, whatever the layout.

use std::cell::OnceCell;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::catalog::client::{Client, ConfigurationFile, FieldKind, Layout, References, Scope};
use crate::configuration::discover::Reader;
use crate::configuration::read;
use crate::document::{Document, Text, Value};

/// One entry.
pub(crate) struct ServerEntry<'d> {
    /// The key that the client knows it by. Of any text, so it is sanitized before it is shown.
    pub(crate) name: String,
    /// Who reads it.
    pub(crate) client: &'d Client,
    /// What the client takes the file for.
    pub(crate) configuration: &'d ConfigurationFile,
    /// Whom it is for.
    pub(crate) scope: Scope,
    /// The folder of the project it is for, where the entry itself says so (Claude Code's `projects`).
    pub(crate) project: Option<String>,
    /// Whether it counts where the person stands: not, where it is for another project.
    pub(crate) here: bool,
    /// The file.
    pub(crate) file: &'d Path,
    /// The folder of the project that the file lies in.
    pub(crate) folder: Option<PathBuf>,
    /// How it is laid out.
    pub(crate) layout: Layout,
    /// The entry as a whole.
    pub(crate) value: Value<'d>,
    /// Whether the client would start it.
    pub(crate) enabled: bool,
    /// Whether it says so itself.
    pub(crate) says_enabled: bool,
    /// Whether a person has approved it, where its client asks for that.
    pub(crate) standing: Standing,
    /// Whether an entry of the same name in a stronger file of the same client takes its place, or has taken it in.
    pub(crate) shadowed: bool,
    /// The larger, the stronger.
    pub(crate) strength: (usize, usize, usize),
    /// Everything in it that may hold or name a secret, in the order of the file.
    pub(crate) fields: Vec<Field<'d>>,
    /// Names of variables that it takes without a placeholder: `env_vars`, `env_keys`, `bearer_token_env_var`, and
    /// what a container takes over (`docker run -e NAME`).
    pub(crate) named: Vec<NamedReference<'d>>,
    /// What entries of the same name in weaker files add to it, where the client merges them. The values lie in other
    /// files.
    pub(crate) merged: Vec<Field<'d>>,
    /// The same of [`ServerEntry::named`].
    pub(crate) merged_named: Vec<NamedReference<'d>>,
    /// What will not work, whatever the credentials.
    pub(crate) faults: Vec<Fault<'d>>,
    /// What it starts, once somebody has asked.
    pub(super) programs: OnceCell<Programs>,
}

/// What a person has said of an entry in the settings of its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing that keeps it from being started.
    Counts,
    /// Nothing yet, and the client asks before it starts it: until then a weaker entry of the same name counts.
    Pending,
    /// That it is not to be started.
    Refused,
}

/// Programs in a command line that read their arguments in a way of their own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Programs {
    mcp_remote: bool,
    shell: bool,
}

/// One value of an entry.
#[derive(Clone)]
pub(crate) struct Field<'d> {
    /// Which part it is of.
    pub(crate) kind: FieldKind,
    /// Its key (`GITHUB_TOKEN`, `Authorization`). Of an argument: the name that is written in it (`-e NAME=value`,
    /// `--header "Name: value"`, `NAME=value`), else the flag in it or before it (`--token`), else its number. Of any
    /// text, and never the value.
    pub(crate) name: String,
    /// The value.
    pub(crate) value: Value<'d>,
    /// Which part of the text is meant, in bytes, where that is not all of it: what follows `--flag=`.
    pub(crate) part: Option<Range<usize>>,
}

/// A variable that an entry names.
#[derive(Clone)]
pub(crate) struct NamedReference<'d> {
    /// Which part it is for.
    pub(crate) kind: FieldKind,
    /// The variable that is read.
    pub(crate) variable: String,
    /// The variable or header that the server finds it in.
    pub(crate) target: String,
    /// Where it is named.
    pub(crate) value: Value<'d>,
    /// Who reads it: not always the client.
    pub(crate) by: NamedBy,
}

/// Who reads a variable that an entry names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NamedBy {
    /// The client, from its own environment.
    Client,
    /// The client, from a store of its own, and only then from its environment (Goose).
    ClientStore,
    /// A container's program, from the environment that the entry gives it, or the client passes on.
    Container,
}

/// Something in an entry that its client will not do as a person may think.
#[derive(Clone)]
pub(crate) struct Fault<'d> {
    /// What is the case, in one sentence, lower case, without a full stop.
    pub(crate) what: String,
    /// What to do, in the same manner.
    pub(crate) mend: String,
    /// Whether the server will not work because of it, or a secret may get out.
    pub(crate) is_grave: bool,
    /// Where.
    pub(crate) value: Value<'d>,
}

/// All entries that one reader finds in a document, those that are disabled or written twice too, in the order of
/// the file. In time proportional to the document.
pub(crate) fn entries<'d>(document: &'d Document, reader: &'d Reader<'_>) -> Vec<ServerEntry<'d>> {
    read::entries(document, reader)
}

impl<'d> ServerEntry<'d> {
    /// What the client does with placeholders in this file.
    pub(crate) fn references(&self) -> &'d References {
        self.configuration.references.as_ref().unwrap_or(&self.client.references)
    }

    /// Its fields with those that it takes over from weaker files.
    pub(crate) fn all_fields(&self) -> impl Iterator<Item = &Field<'d>> {
        self.fields.iter().chain(&self.merged)
    }

    /// The same of the variables that it names.
    pub(crate) fn all_named(&self) -> impl Iterator<Item = &NamedReference<'d>> {
        self.named.iter().chain(&self.merged_named)
    }

    fn texts(&self, kind: FieldKind) -> impl Iterator<Item = Text<'d>> {
        self.all_fields().filter(move |field| field.kind == kind).filter_map(|field| field.value.text())
    }

    /// The program that the client starts.
    pub(crate) fn command(&self) -> Option<Text<'d>> {
        self.texts(FieldKind::Command).next()
    }

    /// Its arguments, those of its command line first.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = Text<'d>> {
        self.texts(FieldKind::Args)
    }

    /// The address of a remote server.
    pub(crate) fn url(&self) -> Option<Text<'d>> {
        self.texts(FieldKind::Url).next()
    }

    /// Whether a command of the entry prints headers.
    pub(crate) fn has_helper(&self) -> bool {
        self.all_fields().any(|field| field.kind == FieldKind::Helper)
    }

    /// Whether it starts `mcp-remote`, which expands `${VAR}` in its headers itself, from its own environment.
    pub(crate) fn runs_mcp_remote(&self) -> bool {
        self.programs().mcp_remote
    }

    /// Whether a shell reads its arguments, and expands what it finds there.
    pub(crate) fn runs_shell(&self) -> bool {
        self.programs().shell
    }

    /// Looked for once: an entry may have very many arguments.
    fn programs(&self) -> Programs {
        *self.programs.get_or_init(|| {
            let shells = ["sh", "bash", "zsh", "dash", "fish", "ksh", "cmd", "powershell", "pwsh", "nu"];
            let is_flag = |text: Text<'_>| {
                let text = text.expose();
                ["-c", "/c", "-lc", "-ic", "/k", "/s", "-command", "-commandwithargs"]
                    .iter()
                    .any(|flag| text.eq_ignore_ascii_case(flag))
            };
            let runs = |is_it: &dyn Fn(&str) -> bool| {
                self.command().into_iter().chain(self.arguments()).any(|text| is_it(program(text.expose())))
            };
            Programs {
                mcp_remote: runs(&|program| program == "mcp-remote"),
                shell: runs(&|program| shells.contains(&program)) && self.arguments().any(is_flag),
            }
        })
    }
}

/// The name of a program without folder, ending and version.
pub(super) fn program(text: &str) -> &str {
    let file = text.rsplit(['/', '\\']).next().unwrap_or(text);
    let name = file.split_once('@').map_or(file, |(name, _)| name);
    let lower = [".exe", ".cmd", ".bat", ".ps1"].into_iter().find(|ending| {
        name.len() > ending.len()
            && name.is_char_boundary(name.len() - ending.len())
            && name[name.len() - ending.len()..].eq_ignore_ascii_case(ending)
    });
    lower.map_or(name, |ending| &name[..name.len() - ending.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_known_wherever_it_lies() {
        for text in ["mcp-remote", "mcp-remote@latest", "/usr/bin/mcp-remote", r"C:\x\mcp-remote.CMD"] {
            assert_eq!(program(text), "mcp-remote", "{text}");
        }
        assert_eq!(program("@scope/server@1.2"), "server");
        assert_eq!(program(".exe"), ".exe");
    }
}
