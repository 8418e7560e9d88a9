//! `mcpcred headers`: the headers of a remote server, for a client that asks a command for them.

use std::process::ExitCode;
use std::str::FromStr;

use crate::app::App;
use crate::cli::Outcome;
use crate::failure::Failure;
use crate::inject::headers::{HeaderTemplate, InvalidTemplate, render};
use crate::name::CredentialName;

/// Where Claude Code says which server it asks for.
const ASKED_FOR: &[&str] = &["CLAUDE_CODE_MCP_SERVER_URL", "MCP_SERVER_URL"];

/// Print the headers of a remote server as JSON, for a client's `headersHelper`
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Claude Code:  \"headersHelper\": \"mcpcred headers --header \\\"Authorization: Bearer {TOKEN}\\\"\"\n\
Codex:        http_headers_helper = 'mcpcred headers --header \"Authorization: Bearer {TOKEN}\"'\n\
`mcpcred protect` writes such lines. Nothing is printed where a value can't be had, or where the client asks for\n\
the headers of another address than `--url`."
)]
pub(super) struct Headers {
    /// A header with `{NAME}` in the place of each credential: `Authorization: Bearer {GITHUB_TOKEN}`
    #[arg(long, required_unless_present = "basic", value_name = "HEADER")]
    header: Vec<Template>,
    /// `Authorization: Basic …` of a user and a password, as a client makes it of those in a URL: `me:{NAME}`
    #[arg(long, value_name = "USER:{NAME}")]
    basic: Option<Pair>,
    /// Only for this address, where the client says which one it asks for
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

/// A template, read from the command line.
#[derive(Debug, Clone)]
struct Template(HeaderTemplate);

impl FromStr for Template {
    type Err = InvalidTemplate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        HeaderTemplate::from_str(text).map(Self)
    }
}

/// A user and a password, read from the command line.
#[derive(Debug, Clone)]
struct Pair(HeaderTemplate);

impl FromStr for Pair {
    type Err = InvalidTemplate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        HeaderTemplate::basic(text).map(Self)
    }
}

impl Headers {
    pub(super) fn run(self, app: &App) -> Outcome {
        self.refuse_other_address(app)?;
        let headers = self.header.iter().map(|header| &header.0);
        let templates: Vec<&HeaderTemplate> = headers.chain(self.basic.iter().map(|pair| &pair.0)).collect();
        refuse_two_of_a_name(&templates)?;
        let mut names: Vec<CredentialName> = Vec::new();
        for name in templates.iter().flat_map(|template| template.names()) {
            let name = name.parse().map_err(|error| Failure::of(Failure::USAGE, &error))?;
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let found = app.credentials.get_many(&names)?;
        let values: Vec<_> =
            names.iter().map(CredentialName::as_str).zip(found.iter().map(|(_, secret)| secret)).collect();
        let document = render(&templates, &values)?;
        app.ui.data(document.expose_secret())?;
        Ok(ExitCode::SUCCESS)
    }

    /// A client that was told to ask us for one address and connects to another gets nothing.
    fn refuse_other_address(&self, app: &App) -> Result<(), Failure> {
        let Some(own) = &self.url else { return Ok(()) };
        let asked = ASKED_FOR.iter().find_map(|name| app.environment.text(name));
        match asked {
            Some(asked) if !is_same_address(own, &asked) => Err(Failure::new(
                Failure::USAGE,
                "the client asks for the headers of another address than they were made for",
            )
            .because("the entry was changed after `--url` was written")
            .hint("if the new address is right, write it behind `--url` too; nothing was printed")),
            _ => Ok(()),
        }
    }
}

/// Which of two headers of one name counts, no two clients agree on.
fn refuse_two_of_a_name(templates: &[&HeaderTemplate]) -> Result<(), Failure> {
    let is_again = |(number, template): (usize, &&HeaderTemplate)| {
        templates[..number].iter().any(|other| other.name().eq_ignore_ascii_case(template.name()))
    };
    if templates.iter().enumerate().any(is_again) {
        return Err(Failure::new(Failure::USAGE, "one header is given twice").hint("take one of the two out"));
    }
    Ok(())
}

/// Without query and fragment; a slash at the end makes no difference, nor does the case of the host.
fn is_same_address(own: &str, asked: &str) -> bool {
    let plain = |text: &str| {
        let mut url = url::Url::parse(text).ok()?;
        url.set_query(None);
        url.set_fragment(None);
        Some(url.as_str().trim_end_matches('/').to_owned())
    };
    plain(own).is_some_and(|own| Some(own) == plain(asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_whatever_its_query_and_no_other_is() {
        for asked in ["https://a.example/mcp", "https://A.example:443/mcp/", "https://a.example/mcp?x=1#y"] {
            assert!(is_same_address("https://a.example/mcp", asked), "{asked}");
        }
        for asked in ["http://a.example/mcp", "https://a.example.evil/mcp", "https://a.example/", "", "x"] {
            assert!(!is_same_address("https://a.example/mcp", asked), "{asked}");
        }
        assert!(!is_same_address("x", "x"));
        assert!(!is_same_address("https://a.example/mcp", "https://user@a.example/mcp"));
    }
}
