//! What `doctor` looks at, one after the other, without changing anything.

use std::fs;

use crate::app::App;
use crate::cli::doctor::{Finding, Status, audit};
use crate::index::{IndexFile, Loaded, State};
use crate::os::private_file;
use crate::settings::Source;
use crate::store::detect::{self, Answer, Fact};
use crate::store::vault::Vault;
use crate::store::{NATIVE, StoreKind};
use crate::unlocking::{Unlocking, tell};

/// Everything, in the order in which it is told.
pub(super) fn everything(app: &App) -> Vec<Finding> {
    let mut findings = settings(app);
    findings.extend(folder(app));
    findings.extend(writable(app));
    findings.extend(key_files(app));
    findings.extend(index(app));
    findings.extend(current_store(app));
    findings.extend(native_store(app));
    findings.extend(vault(app));
    findings.extend(sealed_files(app));
    findings.push(audit::examine(app));
    findings.push(hardening(app));
    findings
}

fn ok(check: &'static str, message: impl Into<String>) -> Finding {
    Finding::new(check, Status::Ok, message)
}

fn warning(check: &'static str, message: impl Into<String>) -> Finding {
    Finding::new(check, Status::Warning, message)
}

fn problem(check: &'static str, message: impl Into<String>) -> Finding {
    Finding::new(check, Status::Problem, message)
}

/// Where each setting came from.
fn settings(app: &App) -> Vec<Finding> {
    let settings = &app.settings;
    let from = |source: &Source| match source {
        Source::Default => String::new(),
        source => format!(" (from {source})"),
    };
    let store = settings.store.value.0.map_or("auto", StoreKind::as_str);
    let mut findings = vec![
        ok("profile", format!("`{}`{}", settings.profile.value, from(&settings.profile.source))),
        ok("store", format!("`{store}`{}", from(&settings.store.source))),
        ok(
            "configuration",
            format!("`{}`{}", settings.config_folder.value.display(), from(&settings.config_folder.source)),
        ),
        ok(
            "data",
            format!("`{}`{}", settings.data_folder.value.display(), from(&settings.data_folder.source)),
        ),
    ];
    if let Some(project) = &settings.project_credentials {
        let count = project.value.len();
        findings.push(ok("project", format!("{count} credentials are named{}", from(&project.source))));
    }
    for (path, why) in &settings.passed_over {
        findings.push(warning("project", format!("`{}` is passed over: {why}", path.display())));
    }
    findings
}

/// Whether a file can be made in the data folder, where there is one.
fn writable(app: &App) -> Option<Finding> {
    let path = &app.settings.data_folder.value;
    if !path.exists() {
        return None;
    }
    let error = tempfile::tempfile_in(path).err()?;
    // The folder is named above, and in what the library says.
    let why = error.raw_os_error().map(std::io::Error::from_raw_os_error).unwrap_or(error);
    Some(
        problem("data", format!("nothing can be written to `{}`: {why}", path.display()))
            .hint("make room or mend its mode, or set `MCPCRED_DATA_DIR` to a folder that can be written"),
    )
}

/// Whether the files that were named to open the vault can be used; what they hold is not looked at here.
fn key_files(app: &App) -> Vec<Finding> {
    let is_usable = |variable: &'static str| {
        let path = app.environment.path(variable)?;
        // What can be read only once is left for the vault.
        let is_pipe = fs::metadata(&path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
        let error = if is_pipe { None } else { private_file::read_key_file(&path, 64 * 1024).err() };
        Some(match error {
            None => ok("key", format!("`{}` can be used (from {variable})", path.display())),
            Some(error) => problem("key", format!("`{}` can't be used: {error}", path.display()))
                .hint(format!("mend that file, or set `{variable}` anew")),
        })
    };
    ["MCPCRED_KEY_FILE", "MCPCRED_PASSPHRASE_FILE"].into_iter().filter_map(is_usable).collect()
}

#[cfg(unix)]
fn folder(app: &App) -> Option<Finding> {
    use std::os::unix::fs::MetadataExt;
    let path = &app.settings.data_folder.value;
    let metadata = fs::metadata(path).ok()?;
    let shown = path.display();
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Some(
            problem("data", format!("`{shown}` belongs to another user"))
                .hint("set `MCPCRED_DATA_DIR` to a folder of your own"),
        );
    }
    (metadata.mode() & 0o077 != 0).then(|| {
        warning("data", format!("`{shown}` can be opened by other users"))
            .hint(format!("take that away with `chmod 700 {shown}`"))
    })
}

#[cfg(windows)]
fn folder(_app: &App) -> Option<Finding> {
    None
}

fn index(app: &App) -> Vec<Finding> {
    let file = IndexFile::in_folder(&app.settings.data_folder.value);
    let index = match file.load() {
        Ok(Loaded::Whole(index)) => index,
        Ok(Loaded::Missing) if !app.credentials.stores().was_used() => {
            return vec![ok("index", "nothing was stored yet")];
        }
        Ok(Loaded::Missing) => {
            return vec![warning("index", "it is gone").hint("`mcpcred list` makes it anew from the store")];
        }
        Ok(Loaded::Damaged(why)) => {
            return vec![
                problem("index", format!("it is damaged: {why}"))
                    .hint("`mcpcred list` makes it anew from the store, and keeps the damaged one aside"),
            ];
        }
        Err(error) => return vec![problem("index", error.to_string())],
    };
    let now = app.credentials.now();
    let mut findings = vec![ok("index", format!("{} credentials are listed", index.every_entry().count()))];
    for (profile, name, entry) in index.every_entry() {
        let what = match entry.state {
            State::Stored => None,
            State::Adding => Some("addition"),
            State::Rotating | State::Replacing => Some("rotation"),
            State::Removing => Some("deletion"),
        };
        if let Some(what) = what {
            findings.push(
                warning("index", format!("the {what} of `{name}` in profile `{profile}` is not finished"))
                    .hint("unless a command is at it right now, `mcpcred doctor --repair` finishes it or takes it back"),
            );
        }
        if !entry.leftover_in.is_empty() {
            findings.push(
                warning("index", format!("a copy of `{name}` is left in {}", entry.leftover_in[0].title()))
                    .hint("`mcpcred doctor --repair` removes it"),
            );
        }
        if entry.facts.created > now || entry.facts.rotated.is_some_and(|rotated| rotated > now) {
            findings.push(
                warning(
                    "clock",
                    format!("`{name}` was stored at {}, which is yet to come", entry.facts.created),
                )
                .hint("set this machine's clock right; rotation dates are counted from it"),
            );
        }
    }
    findings
}

fn current_store(app: &App) -> Option<Finding> {
    let stores = app.credentials.stores();
    match stores.current() {
        Ok(None) => Some(ok("store", "none is chosen yet; the first `mcpcred add` decides")),
        Ok(Some(choice)) => {
            let message =
                format!("values rest in {} (chosen by {})", choice.kind.title(), choice.by.as_str());
            let is_foreign =
                !matches!(choice.kind, StoreKind::Vault | StoreKind::None) && Some(choice.kind) != NATIVE;
            Some(if is_foreign {
                problem("store", message).hint("this is another operating system's; choose with `--store`")
            } else {
                ok("store", message)
            })
        }
        Err(error) => Some(
            problem("store", error.to_string())
                .hint("choose the store anew with `mcpcred store init --store STORE`"),
        ),
    }
}

fn native_store(app: &App) -> Vec<Finding> {
    let current = app.credentials.stores().current().ok().flatten();
    let is_needed = current.is_some_and(|choice| Some(choice.kind) == NATIVE);
    let mut findings = Vec::new();
    let mut is_there = false;
    for probe in app.unlocking.probes() {
        let message = format!("{} ({} ms)", tell(&probe), probe.millis);
        let check = probe.kind.as_str();
        is_there = is_there || matches!(probe.answer, Answer::Usable | Answer::Locked { .. });
        findings.push(match probe.answer {
            Answer::Usable => ok(check, message),
            _ if !is_needed => ok(check, message),
            Answer::Locked { can_ask: true } => warning(check, message),
            _ => problem(check, message).hint("what was stored there can't be read until it is back"),
        });
    }
    if is_there {
        findings.extend(app.unlocking.facts().iter().filter_map(about));
        if let Fact::SecondOpinion(Some(why)) = detect::second_opinion() {
            findings.push(warning("keyring", format!("the `keyring` library can't open it: {why}")));
        }
    }
    findings
}

fn about(fact: &Fact) -> Option<Finding> {
    let check = Unlocking::native_kind().as_str();
    Some(match fact {
        Fact::Provider { name, pid } => {
            let name = name.as_deref().unwrap_or("a program");
            ok(check, format!("provided by {name}, process {pid}"))
        }
        Fact::DefaultCollection(path) if path.ends_with("/session") => {
            warning(check, "the default collection is the one that is forgotten at the end of the session")
                .hint("make another the default one in your desktop's keyring program")
        }
        Fact::DefaultCollection(path) => ok(check, format!("the default collection is `{path}`")),
        Fact::Locked(true) => warning(check, "the default collection is locked"),
        Fact::Twins(key, count) => {
            warning(check, format!("{count} items carry the name {key}, and the newest is read"))
                .hint("remove the others in your desktop's keyring program")
        }
        Fact::Items(count) => ok(check, format!("it holds {count} items of ours")),
        Fact::OverSsh => {
            warning("session", "this session came over ssh, where the system's store may be locked")
                .hint("`mcpcred store move vault` works without it")
        }
        Fact::InWsl => ok("session", "this is Linux inside Windows, which has no keyring as a rule"),
        Fact::AdHocSignature => warning(
            check,
            "this program has no lasting signature, so the Keychain asks again after each update",
        )
        .hint("install a signed release, or use `mcpcred store move vault`"),
        Fact::Locked(false) | Fact::SecondOpinion(_) => return None,
    })
}

fn vault(app: &App) -> Option<Finding> {
    if !app.unlocking.has_vault() {
        return None;
    }
    Some(match Vault::facts(&app.unlocking.vault_path()) {
        Ok(facts) => {
            let kinds: Vec<&str> = facts.slots.iter().map(|slot| slot.kind.as_str()).collect();
            ok("vault", format!("format {}, opened by: {}", facts.format, kinds.join(", ")))
        }
        Err(error) => problem("vault", error.to_string()).hint("put it back from a backup"),
    })
}

fn sealed_files(app: &App) -> Option<Finding> {
    let folder = app.settings.data_folder.value.join("sealed");
    let count = fs::read_dir(folder).ok()?.flatten().count();
    (count > 0).then(|| {
        ok(
            "sealed files",
            format!("{count} values are too large for the store, or no text, and rest in encrypted files"),
        )
    })
}

fn hardening(app: &App) -> Finding {
    let hardening = &app.hardening;
    if hardening.core_dumps_off && hardening.memory_closed {
        ok("memory", "core dumps are off, and other processes can't read this one's memory")
    } else if hardening.core_dumps_off {
        ok("memory", "core dumps are off")
    } else {
        warning("memory", "the system does not let this process turn its core dumps off")
    }
}
