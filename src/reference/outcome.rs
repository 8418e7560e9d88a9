//! `Outcome`: what a client makes of a placeholder.

use crate::catalog::client::{FieldKind, ReferenceSyntax, References, Unset};
use crate::reference::Reference;

/// What a client makes of a placeholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The value of the variable takes its place.
    Value,
    /// The variable is set to nothing, and nothing takes its place.
    SetEmpty,
    /// The variable is not set, and nothing takes its place.
    Empty,
    /// Nothing takes its place, set or not: the client keeps this variable from servers.
    Blanked,
    /// It is passed on as it stands, set or not: the client keeps this variable from servers.
    Withheld,
    /// Its default takes its place. Placeholders within the default are expanded in turn.
    Default,
    /// Its default holds a placeholder, which this client does not take apart: what arrives is not what was meant.
    Torn,
    /// It is passed on as it stands.
    Literal,
    /// The server is not started.
    Error,
    /// The variable or header that it stands in is left out.
    Omitted,
    /// The person is asked.
    Asks,
    /// The value takes its place once the person has approved the name in the client's settings.
    AfterApproval,
    /// It comes from elsewhere than the environment: a file, a store of the client, a command, the editor.
    Elsewhere,
    /// It is no placeholder: a value that could be a name, and such a variable is not set.
    Plain,
    /// Nobody knows.
    Unknown,
}

/// What a client with these rules makes of a placeholder that [`crate::reference::find`] found for it in such a field.
///
/// `lookup` tells of a variable whether it is set in the environment of the client, and if so whether to nothing.
pub(crate) fn outcome(
    text: &str,
    reference: &Reference,
    references: &References,
    field: FieldKind,
    lookup: &dyn Fn(&str) -> Option<bool>,
) -> Outcome {
    use ReferenceSyntax as S;
    match reference.syntax {
        S::Input => return Outcome::Asks,
        S::File | S::BareFile | S::Secrets | S::Inputs | S::UserConfig | S::Command | S::Editor => {
            return Outcome::Elsewhere;
        }
        _ => {}
    }
    if references.blanks(&reference.name, field) {
        return Outcome::Blanked;
    }
    let has_default = reference.syntax == S::BracesDefault;
    let default_is_torn = has_default
        && !references.nested.contains(&field)
        && reference.default.clone().and_then(|range| text.get(range)).is_some_and(|it| it.contains("${"));
    // `${env:VAR:-default}` is of nobody's making: the client looks for a variable of that odd name.
    let is_withheld = references.withholds(&reference.name);
    let set = if is_withheld
        || !has_default && reference.syntax != S::BracesRequired && reference.default.is_some()
    {
        None
    } else {
        lookup(&reference.name)
    };
    match set {
        _ if default_is_torn => Outcome::Torn,
        Some(_) if references.approved_only => Outcome::AfterApproval,
        Some(false) => Outcome::Value,
        Some(true) if has_default && references.default_if_empty => Outcome::Default,
        Some(true) if reference.syntax == S::BracesRequired => Outcome::Error,
        Some(true) => Outcome::SetEmpty,
        None if has_default => Outcome::Default,
        None if is_withheld => Outcome::Withheld,
        None if reference.syntax == S::BracesRequired => Outcome::Error,
        None if reference.syntax == S::BareName => Outcome::Plain,
        None => match references.unset_in(field) {
            Unset::Literal => Outcome::Literal,
            Unset::Empty => Outcome::Empty,
            Unset::Error => Outcome::Error,
            Unset::Omitted => Outcome::Omitted,
            Unset::Asks => Outcome::Asks,
            Unset::Unknown => Outcome::Unknown,
        },
    }
}
