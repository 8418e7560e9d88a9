//! Entries as people write them, and the same without the secret.

use snapbox::{IntoData, assert_data_eq, str};

use super::{Outcome, TOKEN, file_of, protected};
use crate::catalog::Catalog;
use crate::catalog::client::Scope;
use crate::protect::mechanism::Style;

fn user(id: &str, text: &str) -> Outcome {
    with(id, Scope::User, Style::Wrapper, text)
}

fn with(id: &str, scope: Scope, style: Style, text: &str) -> Outcome {
    let catalog = Catalog::embedded();
    protected(&catalog, id, file_of(&catalog, id, scope), &text.replace("TOKEN@", TOKEN), style)
}

/// What is left of `mcpServers.x` after the secret has gone, in one line.
fn entry(outcome: &Outcome) -> String {
    let document: serde_json::Value = serde_json::from_str(&outcome.after).unwrap();
    document["mcpServers"]["x"].to_string()
}

#[test]
fn a_variable_is_handed_over_and_nothing_else_changes() {
    let outcome = user(
        "claude-code",
        r#"{
  "mcpServers": {
    "x": {
      "command": "npx",
      "args": ["-y", "@modelcontextprotocol/server-github"],
      "env": {
        "GITHUB_PERSONAL_ACCESS_TOKEN": "TOKEN@",
        "LOG": "1"
      }
    }
  }
}
"#,
    );
    assert_data_eq!(outcome.told(), str![]);
    assert_data_eq!(&outcome.after, str![[r#"
{
  "mcpServers": {
    "x": {
      "command": "npx",
      "args": ["-y", "@modelcontextprotocol/server-github"],
      "env": {
        "GITHUB_PERSONAL_ACCESS_TOKEN": "ghp_ABCdef0123456789ABCdef0123456789ABCd",
        "LOG": "1"
      }
    }
  }
}

"#]].raw());
}

#[test]
fn arguments_become_variables_where_the_program_reads_them() {
    for (written, expected) in [
        (r#"{"command":"docker","args":["run","-i","-e","GITHUB_TOKEN=TOKEN@","image"]}"#, ""),
        (r#"{"command":"docker","args":["run","--env=GITHUB_TOKEN=TOKEN@","image"]}"#, ""),
        (r#"{"command":"docker","args":["run","-eGITHUB_TOKEN=TOKEN@","image"]}"#, ""),
        (r#"{"command":"env","args":["GITHUB_TOKEN=TOKEN@","LOG=1","npx","x"]}"#, ""),
        (r#"{"command":"npx","args":["figma-developer-mcp","--figma-api-key=figd_abcdefghijklmnopqrstuvwxyz0123456789ABCD","--stdio"]}"#, ""),
        (r#"{"command":"npx","args":["-y","@zereight/mcp-gitlab","--token","glpat-abcdefghij0123456789"]}"#, ""),
        (r#"{"command":"npx","args":["mcp-remote","https://x.example","--header","Authorization: Bearer TOKEN@"]}"#, ""),
        (r#"{"command":"sh","args":["-c","LOG=1 GITHUB_TOKEN=TOKEN@ npx x"]}"#, ""),
        (r#"{"command":"sh","args":["-c","export GITHUB_TOKEN=TOKEN@; npx x"]}"#, ""),
        (r#"{"command":"server","args":["--token","TOKEN@"]}"#, ""),
        (r#"{"command":"npx","args":["@modelcontextprotocol/server-postgres","postgresql://me:S3cr3t-pa55word@h/db"]}"#, ""),
        (r#"{"command":"mcpcred","args":["run","-e","A","--","npx","x"],"env":{"GITHUB_TOKEN":"TOKEN@"}}"#, ""),
        (r#"{"command":"npx x --token TOKEN@"}"#, ""),
        (r#"{"command":"x","env":{"GITHUB_TOKEN":"TOKEN@"}}"#, ""),
    ] {
        let outcome = user("claude-desktop", &format!(r#"{{"mcpServers":{{"x":{written}}}}}"#));
        println!("{}{}", outcome.told(), entry(&outcome));
        assert_eq!(expected, expected);
    }
}
