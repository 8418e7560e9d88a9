//! What holds of the catalog as it ships, and of what a person adds to it.
#![cfg(test)]

use std::collections::BTreeMap;
use std::fs;
use std::sync::LazyLock;

use super::*;
use crate::catalog::server::{Form, SecretKind, Setup, Transport};

static EMBEDDED: LazyLock<Catalog> = LazyLock::new(|| Catalog::built_in().unwrap());

impl Catalog {
    /// As it ships, read once.
    pub(crate) fn embedded() -> &'static Self {
        &EMBEDDED
    }
}

#[test]
fn every_server_is_one_that_a_person_could_add() {
    for server in &Catalog::embedded().servers {
        own::check_server(server).unwrap_or_else(|why| panic!("{}: {why}", server.id));
    }
}

#[test]
fn no_id_is_there_twice() {
    let catalog = Catalog::embedded();
    let ids = |ids: Vec<&str>| {
        let count = ids.len();
        assert!(count > 0 && ids.into_iter().collect::<BTreeSet<_>>().len() == count);
    };
    ids(catalog.servers.iter().map(Entry::id).collect());
    ids(catalog.providers.iter().map(Entry::id).collect());
    ids(catalog.clients.iter().map(Entry::id).collect());
}

#[test]
fn no_two_servers_are_known_by_the_same_name() {
    let mut seen = BTreeMap::new();
    for server in &Catalog::embedded().servers {
        let known = &server.known_by;
        for (kind, names) in [
            ("npm", &known.npm),
            ("pypi", &known.pypi),
            ("image", &known.images),
            ("command", &known.commands),
            ("url", &known.urls),
        ] {
            for name in names {
                assert_eq!(seen.insert((kind, name), &server.id), None, "{name}");
            }
        }
    }
}

#[test]
fn every_provider_that_is_named_is_there() {
    let catalog = Catalog::embedded();
    for requirement in catalog.servers.iter().flat_map(Server::requirements) {
        if let Some(provider) = &requirement.provider {
            assert!(catalog.provider(provider).is_some(), "{}: {provider}", requirement.name);
        }
    }
}

#[test]
fn every_server_is_recognised_where_it_is_started_as_its_page_says() {
    let catalog = Catalog::embedded();
    for server in &catalog.servers {
        if let Some(start) = server.start_command() {
            let words: Vec<&str> = start.split(' ').collect();
            let found = catalog.recognise_server(words.first().copied(), &words[1..], None);
            assert_eq!(found.map(Entry::id), Some(server.id.as_str()), "{start}");
        }
        if let Some(url) = &server.url {
            assert_eq!(
                catalog.recognise_server(None, &[], Some(url)).map(Entry::id),
                Some(server.id.as_str())
            );
        }
    }
}

#[test]
fn every_page_is_https() {
    for server in &Catalog::embedded().servers {
        let pages = server.requirements().filter_map(|requirement| requirement.create_at.as_ref());
        for page in pages.chain(&server.page).chain(&server.url) {
            let url = url::Url::parse(page).unwrap();
            assert!(url.scheme() == "https" && url.host_str().is_some(), "{page}");
        }
    }
}

#[test]
fn aliases_are_the_same_from_every_side_and_name_one_kind_of_secret_of_one_provider() {
    let catalog = Catalog::embedded();
    let mut facts: BTreeMap<&str, (SecretKind, Option<&str>, Option<Form>)> = BTreeMap::new();
    for requirement in catalog.servers.iter().flat_map(Server::requirements) {
        let group = catalog.aliases(&requirement.name);
        for name in &group {
            assert_eq!(catalog.aliases(name), group, "{name}");
            let fact = (requirement.kind, requirement.provider.as_deref(), requirement.form);
            assert_eq!(*facts.entry(name).or_insert(fact), fact, "{name}");
        }
        // What has to be put into a form first is another value.
        for bare in &requirement.made_from {
            assert!(!group.contains(&bare.as_str()), "{bare}");
        }
        assert_eq!(requirement.form.is_some(), !requirement.made_from.is_empty(), "{}", requirement.name);
        let mut names: Vec<&str> = requirement.names().collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "{} is its own alias", requirement.name);
    }
    assert!(catalog.aliases("GITHUB_TOKEN").contains(&"GITHUB_PERSONAL_ACCESS_TOKEN"));
    assert!(catalog.aliases("DD_APPLICATION_KEY").contains(&"DATADOG_APP_KEY"));
    assert_eq!(catalog.aliases("NOBODY"), ["NOBODY"]);
}

#[test]
fn companions_are_no_secrets() {
    let catalog = Catalog::embedded();
    for server in &catalog.servers {
        for companion in &server.companions {
            let is_secret = catalog.servers.iter().any(|it| it.requirement(companion).is_some());
            assert!(!is_secret, "{companion}");
        }
    }
}

#[test]
fn a_pair_is_never_halved() {
    for server in &Catalog::embedded().servers {
        for alternative in &server.alternatives {
            let kinds: Vec<SecretKind> = alternative.credentials.iter().map(|it| it.kind).collect();
            let has = |kind| kinds.contains(&kind);
            assert!(!has(SecretKind::PairId) || has(SecretKind::PairSecret), "{}", server.id);
        }
    }
}

/// The table of the guide that people were given: every name in it is still understood.
#[test]
fn the_fifteen_servers_of_the_guide_are_known_by_the_names_that_it_gave() {
    use Setup::{Complex, Moderate, Simple};
    let catalog = Catalog::embedded();
    for (id, setup, names) in [
        ("github", Simple, &["GITHUB_TOKEN"][..]),
        ("azure-devops", Moderate, &["AZURE_DEVOPS_PAT"]),
        ("slack", Complex, &["SLACK_TOKEN"]),
        ("postgres", Moderate, &["DATABASE_URL"]),
        ("aws", Complex, &["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]),
        ("sentry", Simple, &["SENTRY_AUTH_TOKEN"]),
        ("posthog", Simple, &["POSTHOG_API_KEY"]),
        ("mongodb", Moderate, &["MONGODB_URI"]),
        ("terraform", Moderate, &["TF_TOKEN"]),
        ("kubernetes", Complex, &["KUBECONFIG"]),
        ("notion", Moderate, &["NOTION_TOKEN"]),
        ("atlassian", Moderate, &["JIRA_TOKEN", "CONFLUENCE_TOKEN"]),
        ("figma", Simple, &["FIGMA_TOKEN"]),
        ("zapier", Moderate, &["ZAPIER_API_KEY"]),
        ("composio", Moderate, &["COMPOSIO_API_KEY"]),
    ] {
        let server = catalog.server(id).unwrap();
        assert_eq!(server.setup, setup, "{id}");
        for name in names {
            let is_known = server.requirement(name).is_some()
                || server.requirements().any(|it| it.made_from.iter().any(|bare| bare == name));
            assert!(is_known, "{id}: {name}");
        }
        assert!(server.page.is_some() && server.known_by.names().next().is_some(), "{id}");
    }
    let kind = |id: &str, name: &str| catalog.server(id).unwrap().requirement(name).unwrap().kind;
    assert_eq!(kind("kubernetes", "KUBECONFIG"), SecretKind::Path);
    assert_eq!(kind("aws", "AWS_SECRET_ACCESS_KEY"), SecretKind::PairSecret);
    assert_eq!(kind("postgres", "DATABASE_URL"), SecretKind::ConnectionString);
}

#[test]
fn there_are_forty_others() {
    assert!(Catalog::embedded().servers.len() >= 55, "{}", Catalog::embedded().servers.len());
}

#[test]
fn a_header_says_where_the_token_goes() {
    let catalog = Catalog::embedded();
    let header = catalog.server("github").unwrap().requirements().find_map(|it| it.header.clone()).unwrap();
    assert_eq!((header.name.as_str(), header.value.as_str()), ("Authorization", "Bearer {token}"));
    for wrong in ["", "Authorization", "A: b", "A: {token} {token}", "A b: {token}", "A: {token}\r\nB: c"] {
        assert!(server::Header::try_from(wrong.to_owned()).is_err(), "{wrong:?}");
    }
}

#[test]
fn alternatives_are_of_the_form_that_was_asked_for() {
    let notion = Catalog::embedded().server("notion").unwrap();
    let local: Vec<_> = notion.alternatives_for(Transport::Local, None).collect();
    let remote: Vec<_> = notion.alternatives_for(Transport::Remote, None).collect();
    assert!(local.iter().all(|it| it.instead.is_none()) && remote.iter().all(|it| it.instead.is_some()));
}

fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("catalog.toml"), text).unwrap();
    #[cfg(unix)]
    fs::set_permissions(
        folder.path().join("catalog.toml"),
        std::os::unix::fs::PermissionsExt::from_mode(0o600),
    )
    .unwrap();
    folder
}

const OWN: &str = "[[server]]\nid = \"tickets\"\nname = \"Tickets\"\nsetup = \"simple\"\n";

#[test]
fn an_entry_of_the_same_id_takes_the_place_of_ours() {
    let replaced = OWN.replace("tickets", "github") + "known_by.npm = [\"@acme/github\"]\n";
    let folder = folder(&format!("{replaced}\n{OWN}"));
    let catalog = Catalog::load(folder.path()).unwrap();
    assert_eq!(catalog.servers.len(), Catalog::embedded().servers.len() + 1);
    assert_eq!(catalog.servers[0].id, "tickets");
    assert_eq!(catalog.server("github").unwrap().name, "Tickets");
    assert!(catalog.is_own("github") && catalog.is_own("tickets") && !catalog.is_own("slack"));
    let found = catalog.recognise_server(Some("npx"), &["-y", "@acme/github"], None);
    assert_eq!(found.map(Entry::id), Some("github"));
    assert!(Catalog::load(&folder.path().join("nowhere")).is_ok());
}

#[test]
fn providers_and_clients_are_added_too() {
    let folder = folder(
        "[[provider]]\nid = \"acme\"\nname = \"Acme\"\n\n[[client]]\nid = \"acme\"\nname = \"Acme\"\n\
         confidence = \"unverified\"\ninherits = \"unknown\"\n",
    );
    let catalog = Catalog::load(folder.path()).unwrap();
    assert!(catalog.provider("acme").is_some() && catalog.client("acme").is_some());
}

#[test]
fn a_mistake_is_told_with_its_place() {
    for (text, place, words) in [
        ("[[server]]\nid = 3\n", "line 2, column 6", "string"),
        ("[[server]\n", "line 1, column", ""),
        ("\u{feff}x = \n", "line 1, column", ""),
        ("[[sever]]\n", "line 1, column 3", "sever"),
        (&format!("# ours\n{OWN}nam = 1\n"), "line 6, column 1", "nam"),
        (&format!("{OWN}\n{OWN}"), "line 6, column", "twice"),
        (&OWN.replace("tickets", "Tickets!"), "line 1, column", "`id`"),
        (&format!("{OWN}page = \"javascript:x\"\n"), "line 1, column", "https"),
        (&format!("{OWN}known_by.urls = [\"https://a\"]\n"), "line 1, column", "https"),
        (&format!("{OWN}known_by.npm = [\"*\"]\n"), "line 1, column", "`*`"),
        (&format!("{OWN}[[server.alternative]]\noptional = true\n"), "line 1, column", "alternative"),
        (
            &format!(
                "{OWN}[[server.alternative]]\n[[server.alternative.credential]]\nname = \"A-B\"\nkind = \"token\"\n"
            ),
            "line 1, column",
            "letters",
        ),
        (
            &format!(
                "{OWN}[[server.alternative]]\n[[server.alternative.credential]]\nname = \"A\"\nkind = \"token\"\n\
                 provider = \"nobody\"\n"
            ),
            "line 1, column",
            "nobody",
        ),
        (
            &format!("{OWN}[[server.alternative]]\nof = [\"x\"]\ninstead = \"y\"\n"),
            "line 1, column",
            "known_by",
        ),
        (
            "[[provider]]\nid = \"a\"\nname = \"A\"\n[[provider.token]]\nid = \"t\"\nname = \"t\"\n\
             certainty = \"sure\"\nconfidence = \"run\"\nhints = [\"a\"]\npattern = \"(\"\n",
            "line 1, column",
            "expression",
        ),
    ] {
        let folder = folder(text);
        let error = Catalog::load(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains("catalog.toml") && error.contains(place) && error.contains(words),
            "{text}: {error}"
        );
        assert!(!error.contains('\n'), "{error}");
    }
    let folder = folder("");
    fs::write(folder.path().join("catalog.toml"), b"# \xff\n").unwrap();
    assert!(Catalog::load(folder.path()).unwrap_err().to_string().contains("line 1, column 3"));
}

#[test]
fn what_is_added_leaves_what_is_there_as_it_is() {
    let catalog = Catalog::embedded();
    for before in
        ["", "# mine\n", "# mine, without an end", "# mine\r\n\r\n# and more\r\n", "\u{feff}# mine\n"]
    {
        let folder = folder(before);
        let mut expected = catalog.server("github").unwrap().clone();
        expected.id = "my-github".to_owned();
        catalog.add(folder.path(), &expected).unwrap();
        let text = fs::read_to_string(folder.path().join("catalog.toml")).unwrap();
        assert!(text.starts_with(before), "{text}");
        assert_eq!(text.contains("\r\n"), before.contains("\r\n"));
        assert_eq!(Catalog::load(folder.path()).unwrap().server("my-github"), Some(&expected));
        let again = catalog.add(folder.path(), &expected).unwrap_err();
        assert!(matches!(again, CatalogError::Taken { .. }), "{again}");
        assert_eq!(fs::read_to_string(folder.path().join("catalog.toml")).unwrap(), text);
    }
}

#[test]
fn nothing_is_added_to_a_file_that_is_not_understood() {
    let catalog = Catalog::embedded();
    let server = catalog.server("github").unwrap();
    for broken in ["[[server]\n", "[[server]]\nid = \"Bad\"\nname = \"x\"\nsetup = \"simple\"\n"] {
        let folder = folder(broken);
        assert!(catalog.add(folder.path(), server).is_err());
        assert_eq!(fs::read_to_string(folder.path().join("catalog.toml")).unwrap(), broken);
    }
    let folder = tempfile::tempdir().unwrap();
    let mut odd = server.clone();
    odd.id = "Not An Id".to_owned();
    assert!(matches!(catalog.add(folder.path(), &odd).unwrap_err(), CatalogError::NotAdded { .. }));
    assert!(!folder.path().join("catalog.toml").exists());
}

#[cfg(unix)]
#[test]
fn a_link_to_a_folder_of_dotfiles_stays_one() {
    let folder = tempfile::tempdir().unwrap();
    let dotfiles = folder.path().join("dotfiles.toml");
    fs::write(&dotfiles, "# mine\n").unwrap();
    let config = folder.path().join("config");
    fs::create_dir(&config).unwrap();
    std::os::unix::fs::symlink(&dotfiles, config.join("catalog.toml")).unwrap();
    let catalog = Catalog::embedded();
    catalog.add(&config, catalog.server("github").unwrap()).unwrap();
    assert!(config.join("catalog.toml").is_symlink());
    assert!(fs::read_to_string(&dotfiles).unwrap().starts_with("# mine\n\n[[server]]\nid = \"github\"\n"));
}

#[test]
fn every_server_is_written_as_it_is_read() {
    for server in &Catalog::embedded().servers {
        let text = written::entry(server).unwrap();
        assert_eq!(toml::from_str::<Servers>(&text).unwrap().servers, std::slice::from_ref(server), "{text}");
    }
    let mut odd = Catalog::embedded().server("github").unwrap().clone();
    odd.name = "\"\\ \u{7f}\u{1b}\u{85} é 鍵 \n\t','\",\"]".to_owned();
    odd.companions = vec![odd.name.clone(), String::new(), "\",\"".to_owned()];
    let text = written::entry(&odd).unwrap();
    assert_eq!(toml::from_str::<Servers>(&text).unwrap().servers, [odd], "{text}");
}

/// What is made where the server runs, or by a program, so that no page of a provider makes it.
const MADE_ELSEWHERE: &[&str] = &[
    "ADO_MCP_AUTH_TOKEN",
    "DATABASE_URI",
    "KUBECONFIG",
    "KUBECONFIG_YAML",
    "KUBECONFIG_JSON",
    "K8S_TOKEN",
    "JIRA_PERSONAL_TOKEN",
    "CONFLUENCE_PERSONAL_TOKEN",
    "ATLASSIAN_OAUTH_ACCESS_TOKEN",
    "BRAVE_API_KEY_FILE",
    "FIRECRAWL_OAUTH_TOKEN",
    "GRAFANA_PASSWORD",
    "ES_API_KEY",
    "ES_PASSWORD",
    "REDIS_PWD",
    "REDIS_URL",
    "CLICKHOUSE_PASSWORD",
    "NEO4J_PASSWORD",
    "OKTA_PRIVATE_KEY",
    "OKTA_API_TOKEN",
    "SNOWFLAKE_PRIVATE_KEY",
    "SNOWFLAKE_PRIVATE_KEY_FILE",
    "DATABRICKS_TOKEN",
];

/// What an OAuth login gives, and the app for it: the login asks for what it may do.
const OF_A_LOGIN: &[&str] = &[
    "ATLASSIAN_OAUTH_CLIENT_ID",
    "ATLASSIAN_OAUTH_CLIENT_SECRET",
    "ATLASSIAN_OAUTH_ACCESS_TOKEN",
    "FIRECRAWL_OAUTH_TOKEN",
];

#[test]
fn every_credential_has_its_kind_its_scope_and_the_page_that_makes_it() {
    let catalog = Catalog::embedded();
    let mut seen = BTreeSet::new();
    for server in &catalog.servers {
        let is_described = server.page.is_some() && !server.alternatives.is_empty();
        let is_known = server.known_by.names().next().is_some();
        // Keys that many servers ask for are no server of their own.
        assert!(
            is_described && (is_known || server.note.is_some() || server.id == "sendgrid"),
            "{}",
            server.id
        );
        for requirement in server.requirements().filter(|it| !it.optional) {
            let name = requirement.name.as_str();
            let provider = requirement.provider.as_deref().and_then(|id| catalog.provider(id));
            assert!(requirement.token.is_some(), "{name}: what is it called?");
            let page = requirement.create_at.as_ref().or(provider.and_then(|it| it.create_at.as_ref()));
            assert!(
                page.is_some() != MADE_ELSEWHERE.contains(&name) || seen.contains(name),
                "{name}: where is it made?"
            );
            let scope = requirement.scope.as_ref().or(provider.and_then(|it| it.scope.as_ref()));
            let is_of_login = OF_A_LOGIN.contains(&name) || name == "BRAVE_API_KEY_FILE";
            assert!(scope.is_some() || is_of_login, "{name}: what must it be allowed to do?");
            seen.insert(name);
        }
    }
    for name in MADE_ELSEWHERE.iter().chain(OF_A_LOGIN) {
        assert!(seen.contains(name), "{name} is in no server");
    }
}

#[test]
fn every_provider_says_how_often_a_value_is_replaced_and_how_one_asks_or_why_not() {
    for provider in &Catalog::embedded().providers {
        let id = &provider.id;
        assert!(provider.rotate_days.is_some(), "{id}: how often?");
        let is_asked = provider.verify.is_some() || provider.tokens.iter().any(|it| it.verify.is_some());
        assert!(is_asked || provider.not_verifiable.is_some(), "{id}: why is nobody asked?");
        let is_of_one_place =
            ["sourcegraph", "shopify", "vault", "kubernetes", "okta", "database", "databricks"];
        let is_of_nobody = ["keys", "jwt", "other"];
        let has_no_page = is_of_one_place.iter().chain(&is_of_nobody).any(|it| it == id);
        assert_eq!(provider.create_at.is_none(), has_no_page, "{id}: where?");
    }
}

#[test]
fn every_client_says_what_becomes_of_a_variable_that_is_not_set_and_what_servers_inherit() {
    use crate::catalog::client::{Confidence, Unset};
    let catalog = Catalog::embedded();
    assert!(catalog.clients.iter().filter(|it| !it.files.is_empty()).count() >= 25);
    for client in &catalog.clients {
        let references = &client.references;
        let is_said = references.unset != Unset::Unknown || references.unknown;
        // Of those that somebody ran or read, it is known.
        let is_sure = matches!(client.confidence, Confidence::Run | Confidence::Source);
        let is_known = is_said || references.syntaxes.is_empty() || client.id == "goose";
        assert!(is_known || !is_sure, "{}", client.id);
    }
}
