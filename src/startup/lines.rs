//! `Lines`: what a shell runs when a person opens it: loads credentials, and completes the words of `mcpcred`.
//!
//! Whatever happens, the shell goes on: a program that is gone and a store that does not answer cost one line on
//! stderr, and a shell that nobody sits before (`scp`, `rsync`, a script) runs nothing of it.

use crate::inject::shell::Shell;
use crate::name::{CredentialName, Profile};

/// What is written when the program is gone.
const GONE: &str =
    "mcpcred is not there any more: install it again, or take its lines out of this shell's startup file";

/// Which credentials a shell begins with, and the program that hands them out.
#[derive(Debug)]
pub(crate) struct Lines<'i> {
    /// The program; where it is gone, `mcpcred` is looked for in the `PATH`.
    pub(crate) program: &'i str,
    /// Which credentials: all where the list is empty.
    pub(crate) names: &'i [CredentialName],
    /// Only those with this tag.
    pub(crate) tag: Option<&'i str>,
    /// The namespace, where it was named.
    pub(crate) profile: Option<&'i Profile>,
    /// What registers the completion with PowerShell, which can't put it off until it is needed.
    pub(crate) registration: &'i str,
}

/// A text that can't be part of a line.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} holds a line break or another control character, which no line of a startup file can")]
pub(crate) struct Unwritable(&'static str);

impl Lines<'_> {
    /// The lines for `shell`, each with a line feed.
    ///
    /// # Errors
    /// Where the program's path or the tag holds a control character.
    pub(crate) fn write(&self, shell: Shell) -> Result<String, Unwritable> {
        let has_control = |text: &str| text.contains(char::is_control);
        if has_control(self.program) {
            return Err(Unwritable("the path of mcpcred"));
        }
        if self.tag.is_some_and(has_control) {
            return Err(Unwritable("the tag"));
        }
        let program = quoted(shell, self.program);
        let export = self.export(shell);
        let gone = quoted(shell, GONE);
        Ok(match shell {
            Shell::Fish => fish(&program, &export, &gone),
            Shell::PowerShell => power_shell(&program, &export, &gone, self.registration),
            Shell::Nu => nu(&program, &export, &gone),
            Shell::Elvish => elvish(&program, &export, &gone),
            _ => posix(&program, &export, &gone, completion(shell)),
        })
    }

    /// The arguments that print what the shell evaluates.
    fn export(&self, shell: Shell) -> String {
        let mut words = vec!["export-env".to_owned(), format!("--shell {shell} --startup")];
        if let Some(profile) = self.profile {
            words.push(format!("--profile {profile}"));
        }
        if let Some(tag) = self.tag {
            // In one word, so that a tag may begin with a hyphen.
            words.push(quoted(shell, &format!("--tag={tag}")));
        }
        words.extend(self.names.iter().map(ToString::to_string));
        words.join(" ")
    }
}

/// The text as one word of the shell, whatever is in it.
fn quoted(shell: Shell, text: &str) -> String {
    match shell {
        Shell::Fish => format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'")),
        Shell::PowerShell => {
            // Typographic quotes end a string there as well.
            let is_quote = |character: char| "'\u{2018}\u{2019}\u{201a}\u{201b}".contains(character);
            let double = |character: char| {
                let times = if is_quote(character) { 2 } else { 1 };
                std::iter::repeat_n(character, times)
            };
            let doubled: String = text.chars().flat_map(double).collect();
            format!("'{doubled}'")
        }
        Shell::Nu => format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\"")),
        Shell::Elvish => format!("'{}'", text.replace('\'', "''")),
        _ => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// What completes `mcpcred` in bash and zsh: asked for at the first Tab, so that opening the shell does not wait for it.
fn completion(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => {
            r#"        __mcpcred_complete() {
            complete -r mcpcred
            eval "$(command mcpcred completions bash)"
            return 124
        }
        complete -F __mcpcred_complete mcpcred
"#
        }
        Shell::Zsh => {
            r#"        if whence compdef >/dev/null; then
            __mcpcred_complete() {
                eval "$(command mcpcred completions zsh)"
                _clap_dynamic_completer_mcpcred "$@"
            }
            compdef __mcpcred_complete mcpcred
        fi
"#
        }
        _ => "",
    }
}

fn posix(program: &str, export: &str, gone: &str, completion: &str) -> String {
    format!(
        r#"case $- in *i*)
    __mcpcred={program}
    [ -x "$__mcpcred" ] || __mcpcred=mcpcred
    if command -v "$__mcpcred" >/dev/null 2>&1; then
        eval "$("$__mcpcred" {export} || :)" || :
{completion}    else
        printf '%s\n' {gone} >&2
    fi
    unset __mcpcred ;;
esac
"#
    )
}

fn fish(program: &str, export: &str, gone: &str) -> String {
    format!(
        r"if status is-interactive
    set -l mcpcred {program}
    test -x $mcpcred; or set mcpcred mcpcred
    if command --query $mcpcred
        $mcpcred {export} | source
        function __mcpcred_complete
            complete --erase --command mcpcred
            command mcpcred completions fish | source
            complete --do-complete (commandline --cut-at-cursor --current-process)
        end
        complete --command mcpcred --exclusive --arguments '(__mcpcred_complete)'
    else
        echo {gone} >&2
    end
end
"
    )
}

/// A profile is read by `pwsh -Command …` too, which `scp` and `rsync` may be behind.
fn power_shell(program: &str, export: &str, gone: &str, registration: &str) -> String {
    let mut lines = String::new();
    for line in registration.trim().lines() {
        lines.push_str(line.trim_end());
        lines.push('\n');
    }
    format!(
        r#"$__mcpcred = [Environment]::GetCommandLineArgs()
if (($__mcpcred -match '^[-/]noe') -or -not ($__mcpcred -match '^[-/](c$|com|f$|fi|e$|ec$|en|noni)')) {{
    $__mcpcred = {program}
    if (-not (Test-Path -LiteralPath $__mcpcred -PathType Leaf)) {{ $__mcpcred = 'mcpcred' }}
    if (Get-Command -Name $__mcpcred -CommandType Application -ErrorAction Ignore) {{
        $__mcpcred_status = $global:LASTEXITCODE
        try {{ & $__mcpcred {export} | Invoke-Expression }} catch {{ [Console]::Error.WriteLine("mcpcred: $_") }}
        $global:LASTEXITCODE = $__mcpcred_status
        Remove-Variable -Name __mcpcred_status
{lines}    }} else {{
        [Console]::Error.WriteLine({gone})
    }}
}}
Remove-Variable -Name __mcpcred
"#
    )
}

fn nu(program: &str, export: &str, gone: &str) -> String {
    format!(
        r#"if $nu.is-interactive {{
    let mcpcred = [{program} "mcpcred"] | where {{|it| which $it | is-not-empty }} | get 0?
    if $mcpcred == null {{
        print --stderr {gone}
    }} else {{
        try {{ ^$mcpcred {export} | from nuon | load-env }}
    }}
}}
"#
    )
}

fn elvish(program: &str, export: &str, gone: &str) -> String {
    format!(
        r"{{
    var mcpcred = {program}
    if (not (has-external $mcpcred)) {{
        set mcpcred = mcpcred
    }}
    if (has-external $mcpcred) {{
        try {{
            eval ((external $mcpcred) {export} | slurp)
        }} catch {{
            nop
        }}
        set edit:completion:arg-completer[mcpcred] = {{|@words|
            eval ((external mcpcred) completions elvish | slurp)
            $edit:completion:arg-completer[mcpcred] $@words
        }}
    }} else {{
        echo {gone} >&2
    }}
}}
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::startup::SHELLS;

    fn lines(program: &str, tag: Option<&str>) -> Lines<'static> {
        Lines {
            program: program.to_owned().leak(),
            names: Vec::leak(vec!["A".parse().unwrap(), "B".parse().unwrap()]),
            tag: tag.map(|tag| &*tag.to_owned().leak()),
            profile: None,
            registration: "Register-ArgumentCompleter;\n",
        }
    }

    #[test]
    fn every_shell_asks_for_just_the_credentials_that_were_chosen() {
        for shell in SHELLS {
            let text = lines("/opt/mcpcred", None).write(shell).unwrap();
            assert!(text.contains(&format!("export-env --shell {shell} --startup A B")), "{text}");
            assert!(text.contains("/opt/mcpcred") && text.ends_with('\n') && !text.contains('\r'), "{text}");
            let tagged = lines("/opt/mcpcred", Some("it's")).write(shell).unwrap();
            assert!(tagged.contains("--tag=it"), "{tagged}");
        }
    }

    #[test]
    fn a_path_of_any_characters_stays_one_word() {
        assert_eq!(quoted(Shell::Bash, "it's $x"), r"'it'\''s $x'");
        assert_eq!(quoted(Shell::Fish, r"it's\"), r"'it\'s\\'");
        assert_eq!(quoted(Shell::PowerShell, "it's\u{2019}"), "'it''s\u{2019}\u{2019}'");
        assert_eq!(quoted(Shell::Nu, r#"C:\a "b""#), r#""C:\\a \"b\"""#);
        assert_eq!(quoted(Shell::Elvish, "it's"), "'it''s'");
    }

    #[test]
    fn a_line_break_in_a_tag_is_refused() {
        assert_eq!(lines("/opt/mcpcred", Some("a\nb")).write(Shell::Zsh), Err(Unwritable("the tag")));
        assert_eq!(lines("/opt/\n", None).write(Shell::Zsh), Err(Unwritable("the path of mcpcred")));
    }
}
