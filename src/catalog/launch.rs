//! What a command line starts: a package, an image, a program, or a bridge to a URL; wrappers are looked through.
//!
//! Nothing is resolved, run or copied: words may hold secrets, so all that comes out points into what came in.

use crate::catalog::broker;
use crate::catalog::shell::{SHELLS, command_at, reads_profile, shell_command};

/// How many wrappers may stand around a server: `cmd /c npx -y mcp-remote …` has two.
const MAX_WRAPPERS: usize = 16;

/// What is started in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Launched<'l> {
    /// An npm package, without its version.
    Npm(&'l str),
    /// A Python package, without its version.
    Pypi(&'l str),
    /// A container image, without its tag and without `docker.io/`.
    Image(&'l str),
    /// A program, without its folder and without `.exe`.
    Program(&'l str),
    /// A remote server, through a bridge such as `mcp-remote`.
    Url(&'l str),
    /// Nothing yet: a program that hands credentials of its own to what it starts.
    Broker(&'static str),
}

/// Programs that start what follows their own flags and settings.
const PREFIXES: &[&str] = &[
    "env",
    "sudo",
    "doas",
    "nohup",
    "time",
    "exec",
    "command",
    "nice",
    "caffeinate",
    "stdbuf",
    "setsid",
    "start",
];

/// Packages that speak to a remote server whose URL is among their arguments.
const BRIDGES: &[&str] =
    &["mcp-remote", "supergateway", "mcp-proxy", "mcp-remote-client", "mcp-proxy-for-aws"];

const SCRIPT_HOSTS: &[&str] = &["node", "nodejs", "deno", "bun", "tsx", "ts-node", "electron"];
const CONTAINERS: &[&str] = &["docker", "podman", "nerdctl", "finch", "container"];

/// Everything that a command line may be said to start, the most telling first. Takes time in proportion to its
/// length.
pub(crate) fn launched<'l>(command: &'l str, arguments: &[&'l str]) -> Vec<Launched<'l>> {
    let mut found = Vec::new();
    let mut words: Vec<&'l str> = Vec::with_capacity(arguments.len() + 1);
    // Some clients take the whole line as the command; a path with blanks in it is one word where it has arguments.
    if arguments.is_empty() && command.contains(char::is_whitespace) {
        line(command, &mut found, MAX_WRAPPERS);
    }
    words.push(command);
    words.extend_from_slice(arguments);
    resolve(&words, &mut found, MAX_WRAPPERS);
    found
}

/// The words of a line for a shell, command by command.
fn line<'l>(text: &'l str, found: &mut Vec<Launched<'l>>, wrappers: usize) {
    if wrappers == 0 {
        return;
    }
    for command in text.split(['\n', ';', '|', '&']) {
        let words: Vec<&str> = command
            .split_whitespace()
            .map(|word| word.trim_matches(['"', '\'']))
            .skip_while(|word| is_assignment(word))
            .collect();
        // What a file sets that the shell reads reaches what comes after it.
        if let Some(&("source" | "." | "eval")) = words.first() {
            found.push(Launched::Broker("sh"));
            continue;
        }
        resolve(&words, found, wrappers - 1);
    }
}

fn resolve<'l>(words: &[&'l str], found: &mut Vec<Launched<'l>>, wrappers: usize) {
    let mut words = words;
    for left in (0..wrappers).rev() {
        let Some((&first, rest)) = words.split_first() else { return };
        if let Some(package) = package_of_path(first) {
            found.push(Launched::Npm(package));
        }
        let program = program_name(first);
        let is = |names: &[&str]| names.iter().any(|name| program.eq_ignore_ascii_case(name));
        words = if is(PREFIXES) {
            after_prefix(rest)
        } else if is(&["cmd"]) {
            let at = rest
                .iter()
                .position(|it| ["/c", "/k", "/s/c"].iter().any(|own| it.eq_ignore_ascii_case(own)));
            let inner = at.map_or(&[][..], |at| &rest[at + 1..]);
            if let [one] = inner
                && one.contains(' ')
            {
                return line(one, found, left);
            }
            inner
        } else if is(SHELLS) || is(&["powershell", "pwsh"]) {
            found.extend(reads_profile(program, rest).map(Launched::Broker));
            match shell_command(rest) {
                Some((text, [])) => return line(text, found, left),
                // PowerShell takes the rest as one command.
                Some(_) if is(&["powershell", "pwsh"]) => &rest[rest.len().min(command_at(rest) + 1)..],
                Some((text, _)) => return line(text, found, left),
                None => return script(rest, found),
            }
        } else if let Some(inner) = npm_runner(program, rest) {
            return run_package(inner, Launched::Npm, found, left);
        } else if let Some(inner) = python_runner(program, rest) {
            return run_package(inner, Launched::Pypi, found, left);
        } else if is(CONTAINERS) {
            return found.extend(image(rest).map(Launched::Image));
        } else if is_python(program) {
            return module(rest, found);
        } else if is(&["go"]) && rest.first() == Some(&"run") {
            let package = rest[1..].iter().find(|word| !word.starts_with('-'));
            return found.extend(package.map(|it| Launched::Program(program_name(without_version(it)))));
        } else if is(SCRIPT_HOSTS) {
            return script(rest, found);
        } else if is(&["mcpcred"]) {
            after_dashes(rest).unwrap_or_default()
        } else if let Some((broker, before)) = broker::named(program) {
            found.push(Launched::Broker(broker));
            let command =
                || (0..before).try_fold(after_prefix(rest), |rest, _| rest.get(1..).map(after_prefix));
            match after_dashes(rest).or_else(command) {
                // `sops exec-env FILE 'COMMAND'`
                Some([one]) if one.contains(' ') => return line(one, found, left),
                inner => inner.unwrap_or_default(),
            }
        } else {
            found.push(Launched::Program(program));
            if is(BRIDGES) {
                found.extend(url(rest));
            }
            return;
        };
    }
}

/// What a runner of packages was asked for.
struct Runner<'w, 'l> {
    /// Packages that were named by a flag.
    packages: Vec<&'l str>,
    /// What it runs, and with what.
    words: &'w [&'l str],
}

fn run_package<'l>(
    runner: Runner<'_, 'l>,
    kind: fn(&'l str) -> Launched<'l>,
    found: &mut Vec<Launched<'l>>,
    wrappers: usize,
) {
    let Runner { packages, words } = runner;
    found.extend(packages.iter().map(|package| kind(without_version(package))));
    let Some((&first, rest)) = words.split_first() else { return };
    let package = without_version(first);
    if packages.is_empty() {
        found.push(kind(package));
    } else {
        // A program out of one of the packages, which may be a runner itself.
        resolve(words, found, wrappers);
    }
    if packages.iter().chain([&package]).any(|it| BRIDGES.contains(&without_version(it))) {
        found.extend(url(rest));
    }
}

/// `npx`, `bunx`, `pnpm dlx` and the like: what follows, without flags.
fn npm_runner<'w, 'l>(program: &str, rest: &'w [&'l str]) -> Option<Runner<'w, 'l>> {
    let rest = match program.to_ascii_lowercase().as_str() {
        "npx" | "bunx" | "pnpx" => rest,
        "npm" => after_verb(rest, &["exec", "x"])?,
        "pnpm" | "yarn" => after_verb(rest, &["dlx", "exec", "x"])?,
        "bun" => after_verb(rest, &["x"])?,
        "vp" | "nypm" => after_verb(rest, &["dlx", "x"])?,
        "deno" => {
            let rest = after_verb(rest, &["run", "x"])?;
            let at = rest.iter().position(|word| word.starts_with("npm:"))?;
            return Some(Runner { packages: Vec::new(), words: &rest[at..] });
        }
        _ => return None,
    };
    let with_value =
        ["-w", "--workspace", "--registry", "--cache", "--prefix", "--userconfig", "-C", "--dir", "--filter"];
    Some(runner(rest, &["-p", "--package"], &with_value))
}

/// `uvx`, `uv tool run`, `pipx run` and the like.
fn python_runner<'w, 'l>(program: &str, rest: &'w [&'l str]) -> Option<Runner<'w, 'l>> {
    let uv = [
        "-p",
        "--python",
        "--index-url",
        "--index",
        "--default-index",
        "--extra-index-url",
        "-i",
        "-f",
        "--find-links",
        "--refresh-package",
        "--directory",
        "--project",
        "--env-file",
        "--constraints",
        "-c",
        "--overrides",
        "--with-editable",
        "--with-requirements",
        "--prerelease",
        "--cache-dir",
        "--config-file",
        "--extra",
        "--group",
        "--exclude-newer",
        "-P",
        "--upgrade-package",
        "--link-mode",
        "--resolution",
        "--allow-insecure-host",
    ];
    match program.to_ascii_lowercase().as_str() {
        "uvx" => Some(runner(rest, &["--from"], &[&uv[..], &["--with", "-w"]].concat())),
        "uv" => {
            let rest = after_flags(rest, &uv);
            match rest {
                ["tool", "run" | "x", rest @ ..] | ["x", rest @ ..] => {
                    Some(runner(rest, &["--from"], &[&uv[..], &["--with", "-w"]].concat()))
                }
                // What is run is a program of the project or of one of these packages.
                ["run", rest @ ..] => {
                    let mut runner = runner(rest, &["--with", "-w", "--from"], &uv);
                    if let ["python" | "python3", "-m", module, ..] = runner.words {
                        runner.packages.push(module);
                    } else if let [program, ..] = runner.words {
                        runner.packages.push(program);
                    }
                    Some(runner)
                }
                _ => None,
            }
        }
        "pipx" => {
            let rest = after_verb(rest, &["run"])?;
            Some(runner(rest, &["--spec"], &["--python", "--index-url", "-i", "--pip-args", "--with"]))
        }
        "hatch" | "poetry" | "pdm" | "rye" => {
            let rest = after_verb(rest, &["run"])?;
            Some(Runner { packages: rest.first().copied().into_iter().collect(), words: rest })
        }
        _ => None,
    }
}

/// Parts the flags of a runner from what it runs.
fn runner<'w, 'l>(rest: &'w [&'l str], named: &[&str], with_value: &[&str]) -> Runner<'w, 'l> {
    let mut packages = Vec::new();
    let mut words = rest;
    while let Some((&word, after)) = words.split_first() {
        if word == "--" {
            words = after;
            break;
        }
        if !word.starts_with('-') || word == "-" {
            break;
        }
        words = after;
        match word.split_once('=') {
            Some((flag, package)) if named.contains(&flag) => packages.push(package),
            None if named.contains(&word) => {
                packages.extend(words.first());
                words = words.get(1..).unwrap_or_default();
            }
            None if with_value.contains(&word) => words = words.get(1..).unwrap_or_default(),
            _ => {}
        }
    }
    Runner { packages, words }
}

/// What follows the flags of a program.
fn after_flags<'w, 'l>(rest: &'w [&'l str], with_value: &[&str]) -> &'w [&'l str] {
    runner(rest, &[], with_value).words
}

/// What follows one of the verbs, which stands first but for flags.
fn after_verb<'w, 'l>(rest: &'w [&'l str], verbs: &[&str]) -> Option<&'w [&'l str]> {
    let (verb, after) = after_flags(rest, &["-C", "--dir", "--prefix", "--cwd", "--filter"]).split_first()?;
    verbs.contains(verb).then_some(after)
}

/// What follows the flags and the settings of `env`, `sudo` and the like.
fn after_prefix<'w, 'l>(rest: &'w [&'l str]) -> &'w [&'l str] {
    let flags = ["-u", "-C", "--unset", "--chdir", "-e", "-f", "-n", "-g", "-o", "--user", "--group", "/d"];
    let mut words = rest;
    loop {
        words = after_flags(words, &flags);
        match words.split_first() {
            Some((word, after)) if is_assignment(word) => words = after,
            _ => return words,
        }
    }
}

/// What follows the first `--`.
fn after_dashes<'w, 'l>(rest: &'w [&'l str]) -> Option<&'w [&'l str]> {
    rest.iter().position(|word| *word == "--").map(|at| &rest[at + 1..])
}

/// `NAME=value`.
fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && !name.starts_with(|first: char| first.is_ascii_digit())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

/// A script of a shell or of Node.js: the package that it lies in, or else its name.
fn script<'l>(rest: &[&'l str], found: &mut Vec<Launched<'l>>) {
    let with_value =
        ["-r", "--require", "--import", "--loader", "--env-file", "--experimental-loader", "-C", "--cwd"];
    let mut words = after_flags(rest, &with_value);
    if let Some((&("run" | "x"), after)) = words.split_first() {
        words = after_flags(after, &with_value);
    }
    if let Some((script, after)) = words.split_first() {
        match package_of_path(script) {
            Some(package) => {
                found.push(Launched::Npm(package));
                if BRIDGES.contains(&package) {
                    found.extend(url(after));
                }
            }
            None => found.push(Launched::Program(program_name(script))),
        }
    }
}

/// `python -m package`.
fn module<'l>(rest: &[&'l str], found: &mut Vec<Launched<'l>>) {
    let words = after_flags(rest, &["-W", "-X"]);
    let at = rest.iter().position(|word| *word == "-m");
    // Only a flag of Python itself: one of the script's own stands behind the script.
    let own = rest.len() - words.len();
    if let Some(module) = at.filter(|at| *at < own).and_then(|at| rest.get(at + 1)) {
        found.push(Launched::Pypi(module.split('.').next().unwrap_or(module)));
    } else if let Some(script) = words.first() {
        found.push(Launched::Program(program_name(script)));
    }
}

fn is_python(program: &str) -> bool {
    let version = program.strip_prefix("python").or_else(|| program.strip_prefix("pypy"));
    program.eq_ignore_ascii_case("py")
        || version.is_some_and(|version| version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
}

/// The first argument that is a URL.
fn url<'l>(words: &[&'l str]) -> Option<Launched<'l>> {
    let is_url = |word: &&&str| {
        ["http://", "https://"]
            .iter()
            .any(|scheme| word.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
    };
    words.iter().find(is_url).map(|word| Launched::Url(word))
}

/// The image of `docker run`, behind its flags.
fn image<'l>(rest: &[&'l str]) -> Option<&'l str> {
    let at = rest.iter().position(|word| *word == "run" || *word == "create")?;
    let mut words = rest.get(at + 1..)?;
    while let Some((&word, after)) = words.split_first() {
        if word == "--" {
            words = after;
            break;
        }
        if !word.starts_with('-') || word == "-" {
            break;
        }
        words = if takes_next(word) { after.get(1..).unwrap_or_default() } else { after };
    }
    words.first().map(|image| without_tag(image))
}

/// Whether the next word is the value of that flag of `docker run`. Those without a value are few.
fn takes_next(flag: &str) -> bool {
    const LONG: &[&str] = &[
        "--interactive",
        "--tty",
        "--rm",
        "--detach",
        "--init",
        "--privileged",
        "--read-only",
        "--publish-all",
        "--no-healthcheck",
        "--oom-kill-disable",
        "--sig-proxy",
        "--quiet",
        "--disable-content-trust",
        "--help",
        "--replace",
        "--no-hosts",
        "--tls-verify",
        "--rmi",
        "--systemd",
    ];
    if flag.starts_with("--") {
        return !flag.contains('=') && !LONG.contains(&flag);
    }
    // `-it` has none, `-e` takes the next word, `-eNAME` has its own.
    let letters = flag.trim_start_matches('-');
    let bare = letters.trim_start_matches(['i', 't', 'd', 'P', 'q']);
    bare.len() == 1
}

/// `ghcr.io/github/github-mcp-server:1.2@sha256:…` without what follows the name, and `docker.io/library/` before it.
pub(super) fn without_tag(image: &str) -> &str {
    let image = image.split_once('@').map_or(image, |(name, _)| name);
    let image = match image.rfind(':') {
        Some(colon) if !image[colon..].contains('/') => &image[..colon],
        _ => image,
    };
    let own = ["docker.io/library/", "docker.io/", "index.docker.io/", "registry-1.docker.io/"];
    own.iter().find_map(|registry| image.strip_prefix(registry)).unwrap_or(image)
}

/// `@scope/name@1.2`, `name==1.2`, `name[extra]>=1`, `npm:name@1` without what follows the name.
pub(super) fn without_version(package: &str) -> &str {
    let package = package.trim().trim_start_matches("npm:").trim_start_matches("jsr:");
    let end = package
        .char_indices()
        .skip(1)
        .find(|(_, character)| "@=<>!~[; ".contains(*character))
        .map_or(package.len(), |(at, _)| at);
    &package[..end]
}

/// The name of a program without its folder and without what Windows ends it with.
fn program_name(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let endings = [".exe", ".cmd", ".bat", ".ps1", ".js", ".mjs", ".cjs", ".py", ".sh"];
    let stem = endings.iter().find_map(|ending| {
        let at = name.len().checked_sub(ending.len())?;
        name.get(at..).filter(|end| end.eq_ignore_ascii_case(ending)).and_then(|_| name.get(..at))
    });
    stem.filter(|stem| !stem.is_empty()).unwrap_or(name)
}

/// The package in whose folder a file lies: `…/node_modules/@scope/name/dist/index.js`.
fn package_of_path(path: &str) -> Option<&str> {
    const FOLDER: &str = "node_modules";
    let at = path.rfind(FOLDER)?;
    let before = path[..at].chars().next_back();
    let after = path.get(at + FOLDER.len() + 1..)?;
    let separator = path[at + FOLDER.len()..].chars().next()?;
    let is_separator = |it: char| it == '/' || it == '\\';
    if !is_separator(separator) || before.is_some_and(|it| !is_separator(it)) {
        return None;
    }
    // A link to a program has no package to go by.
    if after.starts_with('.') {
        return None;
    }
    let mut ends = after.char_indices().filter(|(_, it)| is_separator(*it)).map(|(at, _)| at);
    let end = if after.starts_with('@') { ends.nth(1) } else { ends.next() };
    Some(&after[..end.unwrap_or(after.len())])
}
