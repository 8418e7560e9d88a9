//! The rules of the house, held by a test: who may use whom, where secrets leave, how long a file is.

use std::fs;
use std::path::{Path, PathBuf};

/// Arrows point down only: a module may use what stands behind it, and itself.
const LAYERS: &[(&str, &[&str])] = &[
    (
        "cli",
        &[
            "app",
            "audit",
            "catalog",
            "check",
            "children",
            "clock",
            "configuration",
            "credential",
            "credentials",
            "document",
            "environment",
            "failure",
            "import",
            "index",
            "inject",
            "live",
            "lockdown",
            "name",
            "os",
            "protect",
            "recognise",
            "reference",
            "reminder",
            "rotation",
            "rewrite",
            "secret",
            "settings",
            "setup",
            "slip",
            "startup",
            "store",
            "ui",
            "undo",
            "unlocking",
        ],
    ),
    (
        "app",
        &[
            "audit",
            "children",
            "clock",
            "credentials",
            "environment",
            "failure",
            "lockdown",
            "os",
            "secret",
            "settings",
            "store",
            "ui",
            "unlocking",
        ],
    ),
    ("fuzz", &["catalog", "configuration", "document", "import", "recognise", "reference", "secret"]),
    ("unlocking", &["clock", "credentials", "environment", "failure", "secret", "settings", "store", "ui"]),
    (
        "failure",
        &[
            "audit",
            "children",
            "credentials",
            "import",
            "index",
            "inject",
            "name",
            "os",
            "rewrite",
            "reminder",
            "settings",
            "slip",
            "startup",
            "store",
            "ui",
            "undo",
        ],
    ),
    ("setup", &["catalog", "configuration", "document", "secret"]),
    ("startup", &["catalog", "configuration", "inject", "name", "secret"]),
    (
        "check",
        &[
            "audit",
            "catalog",
            "clock",
            "configuration",
            "credential",
            "credentials",
            "document",
            "environment",
            "index",
            "live",
            "name",
            "os",
            "recognise",
            "reference",
            "secret",
            "slip",
            "store",
            "ui",
            "undo",
        ],
    ),
    ("import", &["catalog", "document", "name", "os", "recognise", "secret", "store"]),
    ("configuration", &["catalog", "document", "environment", "os", "reference", "secret"]),
    ("live", &["basic", "catalog", "name", "secret"]),
    ("recognise", &["catalog", "document", "reference", "secret"]),
    ("reference", &["catalog"]),
    ("catalog", &["document", "environment", "name", "os", "secret"]),
    ("document", &["os", "secret"]),
    (
        "protect",
        &[
            "catalog",
            "check",
            "configuration",
            "document",
            "environment",
            "inject",
            "name",
            "os",
            "recognise",
            "reference",
            "secret",
            "slip",
        ],
    ),
    ("rewrite", &["document", "os", "secret"]),
    ("undo", &["document", "name", "os", "rewrite", "secret"]),
    ("slip", &[]),
    ("reminder", &["os"]),
    ("rotation", &["credential", "name"]),
    ("settings", &["audit", "environment", "name", "os", "rotation", "store"]),
    ("inject", &["basic", "os", "secret"]),
    ("credentials", &["audit", "clock", "credential", "index", "lockdown", "name", "os", "secret", "store"]),
    ("audit", &["environment", "name", "os", "secret", "slip", "store"]),
    ("children", &["name", "os"]),
    ("lockdown", &["children", "name", "os"]),
    ("index", &["credential", "name", "os", "store"]),
    ("store", &["name", "os", "secret"]),
    ("environment", &["name", "secret"]),
    ("ui", &["secret"]),
    ("os", &["secret"]),
    ("credential", &["name"]),
    ("basic", &[]),
    ("clock", &[]),
    ("name", &[]),
    ("secret", &[]),
];

/// The files that may look at the bytes of a secret. What each does with them:
const EXITS: &[(&str, &str)] = &[
    ("audit/anchor.rs", "reads how far the log went, which is no secret, out of an item of the store"),
    ("audit/key.rs", "makes a fingerprint of it; reads the key of the log out of an item of the store"),
    ("check/asking.rs", "copies a value into the question to its provider"),
    ("check/copies.rs", "looks for it in files that are no configuration"),
    ("check/fingerprint.rs", "makes a fingerprint of it"),
    ("check/path_value.rs", "looks up the file that it names"),
    ("cli/export_env.rs", "writes rendered lines to stdout or the workflow's file"),
    ("cli/get.rs", "writes the value to stdout"),
    ("cli/init/file.rs", "looks for the lines in a file that a shell reads"),
    ("cli/headers.rs", "writes the headers to stdout, for the client that asked"),
    ("cli/startup.rs", "writes rendered lines to stdout"),
    ("cli/source.rs", "looks for NUL before storing"),
    ("cli/store/passphrase.rs", "writes the recovery code to stdout"),
    ("configuration/leftover.rs", "makes text of a file that is searched"),
    ("inject/arguments.rs", "puts it among arguments, where a person said so"),
    ("inject/headers.rs", "puts it into a header"),
    ("import/encoding.rs", "turns UTF-16 into UTF-8"),
    ("import/mod.rs", "asks the detector about it"),
    ("import/pass.rs", "takes the first line of an entry"),
    ("inject/environment.rs", "checks a value, and looks for it among arguments"),
    ("live/aws.rs", "signs a request to AWS, which does not carry the secret"),
    ("live/field.rs", "finds the new token in an answer"),
    ("live/call.rs", "the request to the provider that issued it"),
    ("os/clipboard.rs", "hands the value to the clipboard's keeper"),
    ("live/replace.rs", "looks whether a new token is one"),
    ("os/process/hook.rs", "the stdin of the person's own program, and looks for NUL in its answer"),
    ("os/process/launch.rs", "the child's environment"),
    ("os/process/supervise.rs", "the child's environment on Windows"),
    ("protect/changes/helper.rs", "writes a line anew, with names where secrets were"),
    ("protect/changes/mod.rs", "looks for how it is written in an address"),
    ("protect/copies.rs", "looks for it in copies, and covers it there"),
    ("protect/history.rs", "looks for it in what git prints"),
    ("protect/masked.rs", "looks for it in order to cover it"),
    ("protect/mechanism/headers.rs", "takes percent signs out of it"),
    ("protect/naming.rs", "copies one that is stored, so that other copies of it are found"),
    ("protect/plan.rs", "looks for where in its text it lies"),
    ("protect/printed.rs", "reads what a line prints"),
    (
        "os/staged_file.rs",
        "writes the new content of a client's configuration, or of a file that a shell reads",
    ),
    ("recognise/detector.rs", "compares it with the shapes of tokens"),
    ("recognise/malformed.rs", "looks for what is wrong with it"),
    ("secret.rs", "the type itself"),
    ("setup/insertion.rs", "makes a document of a configuration's text"),
    ("store/keyring.rs", "hands the value to the system's store"),
    ("ui/terminal/unix.rs", "counts what was typed, and decodes it"),
    ("ui/terminal/windows.rs", "counts what was typed, and decodes it"),
    ("unlocking.rs", "copies the passphrase for the vault"),
];

/// Folders whose whole business is the bytes: documents of other programs, quoting, and ciphers.
const EXIT_FOLDERS: &[&str] = &[
    "document/",
    "import/dotenv/",
    "inject/shell/",
    "store/sealed/",
    "store/vault/",
    "store/secret_service/",
];

/// The files that may look at text from a document (`Text::expose`), which may be a secret. What each does with it:
const TEXT_EXITS: &[(&str, &str)] = &[
    ("check/copies.rs", "looks for it in files that are no configuration"),
    ("check/drift.rs", "looks for the name of a credential"),
    ("check/exposure.rs", "makes fingerprints of what lies in the open"),
    ("check/handing.rs", "repeats the name of a program"),
    ("check/presence/literal.rs", "looks for what stands for a value, or says where one is"),
    ("check/presence/mod.rs", "looks for placeholders and for our own wrapper"),
    ("check/presence/required.rs", "looks for flags and addresses"),
    ("check/presence/wrapped.rs", "looks for our own commands"),
    ("check/unfilled.rs", "looks for placeholders"),
    ("cli/rotate/reach.rs", "looks for the name of a credential in entries"),
    ("configuration/approval.rs", "compares commands, addresses and folders with lists in settings"),
    ("configuration/entry.rs", "recognises programs and addresses"),
    ("configuration/leftover.rs", "reads the path of a file of variables"),
    ("configuration/read/arguments.rs", "tells flags and names from values"),
    ("configuration/read/builder.rs", "copies names of fields and variables"),
    ("configuration/read/common.rs", "reads keys of entries"),
    ("configuration/read/faults.rs", "looks for placeholders"),
    ("configuration/read/inputs.rs", "looks for placeholders"),
    ("configuration/read/mod.rs", "copies names of entries and projects"),
    ("configuration/read/named.rs", "copies names of headers"),
    ("configuration/read/sorts.rs", "copies names of variables and headers"),
    ("configuration/workspace.rs", "reads the paths of folders"),
    ("fuzz.rs", "compares it with what another reader finds; never part of the program"),
    ("protect/changes/helper.rs", "moves what stands around a secret in a line"),
    ("protect/changes/mod.rs", "moves what stands around a secret"),
    ("protect/launching.rs", "moves the words of a command"),
    ("protect/masked.rs", "shows it with its secrets covered"),
    ("protect/mechanism/arguments.rs", "tells what an argument is for, and copies its secret"),
    ("protect/mechanism/bridge.rs", "looks at an address and at headers"),
    ("protect/mechanism/headers.rs", "looks at what stands around a secret"),
    ("protect/mechanism/line.rs", "tells what a line for a shell does, and copies its secret"),
    ("protect/mechanism/variables.rs", "copies the value of a variable"),
    ("protect/plan.rs", "copies the default of a question"),
    ("protect/printed.rs", "tells the headers that a line prints"),
    ("protect/subject.rs", "copies a secret"),
    ("recognise/detector.rs", "looks for secrets in it"),
    ("setup/covered.rs", "copies what is not covered into the difference that is shown"),
];

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
            (name, fs::read_to_string(path).unwrap().replace("\r\n", "\n"))
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.file_type().unwrap().is_dir() {
            collect(&entry.path(), files);
        } else if entry.path().extension().is_some_and(|ending| ending == "rs") {
            files.push(entry.path());
        }
    }
}

/// The part of a file that ships: without its unit tests.
fn shipped(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod tests").next().unwrap()
}

fn is_test(name: &str) -> bool {
    name.ends_with("tests.rs")
        || name.contains("/tests/")
        || ["conformance.rs", "faulty.rs", "memory.rs", "pseudo_terminal.rs"]
            .iter()
            .any(|end| name.ends_with(end))
}

#[test]
fn dependencies_point_down() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        if is_test(&name) || ["main.rs", "lib.rs"].contains(&name.as_str()) {
            continue;
        }
        let module = name.split('/').next().unwrap().trim_end_matches(".rs");
        let Some((_, allowed)) = LAYERS.iter().find(|(layer, _)| *layer == module) else {
            wrong.push(format!("{name} is in no layer"));
            continue;
        };
        for part in shipped(&text).split("crate::").skip(1) {
            let used: String = part.chars().take_while(|it| it.is_alphanumeric() || *it == '_').collect();
            let is_module = LAYERS.iter().any(|(layer, _)| *layer == used);
            if is_module && used != module && !allowed.contains(&used.as_str()) {
                wrong.push(format!("{name} reaches up to `{used}`"));
            }
        }
    }
    wrong.dedup();
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn secrets_leave_by_the_listed_doors() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        let is_listed = EXITS.iter().any(|(file, _)| *file == name)
            || EXIT_FOLDERS.iter().any(|folder| name.starts_with(folder));
        let is_open = shipped(&text).contains("expose_secret");
        if is_open && !is_listed && !is_test(&name) {
            wrong.push(format!("{name} exposes a secret and is not listed"));
        }
    }
    for (file, _) in EXITS {
        let open = sources().into_iter().any(|(name, text)| name == *file && text.contains("expose_secret"));
        if !open {
            wrong.push(format!("{file} is listed and exposes nothing"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn text_of_documents_leaves_by_the_listed_doors() {
    let is_open = |text: &str| text.contains(".expose()") || text.contains("Text::expose");
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        let is_listed = name.starts_with("document/") || TEXT_EXITS.iter().any(|(file, _)| *file == name);
        if is_open(shipped(&text)) && !is_listed && !is_test(&name) {
            wrong.push(format!("{name} exposes text of a document and is not listed"));
        }
    }
    for (file, _) in TEXT_EXITS {
        if !sources().into_iter().any(|(name, text)| name == *file && is_open(&text)) {
            wrong.push(format!("{file} is listed and exposes no text"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn danger_has_few_addresses() {
    let mut unsafe_files: Vec<String> = sources()
        .into_iter()
        .filter(|(name, text)| !is_test(name) && shipped(text).contains("unsafe_code"))
        .map(|(name, _)| name)
        .collect();
    unsafe_files.sort();
    // The console's modes and its own signals, the child's signals and job: no crate offers them safely.
    assert_eq!(
        unsafe_files,
        [
            "os/process/system.rs",
            "os/readers.rs",
            "os/replace_file.rs",
            "ui/terminal/signals.rs",
            "ui/terminal/windows.rs"
        ]
    );
}

#[test]
fn a_file_holds_one_noun_and_opens_with_a_line_about_it() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        if text.lines().count() > 500 {
            wrong.push(format!("{name} has {} lines", text.lines().count()));
        }
        if !text.starts_with("//! ") {
            wrong.push(format!("{name} does not say what it is"));
        }
        for word in ["TODO", "FIXME", "XXX", "HACK", "use super::*;\n\n#"] {
            if shipped(&text).contains(word) {
                wrong.push(format!("{name} holds `{word}`"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
