//! `{{NAME}}` among the arguments of a child, where a person said that a value may stand there.

use std::ffi::OsString;

use zeroize::Zeroize;

use crate::secret::Secret;

/// Why a value can't stand among the arguments. It is never part of it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ExpandError {
    /// Nobody asked for it there.
    #[error("no argument holds `{{{{{0}}}}}`, for which `--expand {0}` was said")]
    Unused(String),
    /// Arguments are text, and end with a NUL.
    #[error("the value of `{0}` is not text, or holds a NUL byte, and arguments are text")]
    NotText(String),
}

/// The arguments of a child, wiped when the start has failed. Where it has not, every program of the machine sees
/// them for as long as the child runs.
#[derive(Default)]
pub(crate) struct Arguments(Vec<OsString>);

impl Arguments {
    /// These, with every `{{NAME}}` of these names filled in. What a value holds is not looked at again.
    ///
    /// # Errors
    /// [`ExpandError`]
    pub(crate) fn expanded(arguments: &[OsString], values: &[(&str, &Secret)]) -> Result<Self, ExpandError> {
        let marks: Vec<(String, &str)> =
            values.iter().map(|(name, _)| (format!("{{{{{name}}}}}"), *name)).collect();
        let texts = || arguments.iter().filter_map(|argument| argument.to_str());
        for (mark, name) in &marks {
            if !texts().any(|text| text.contains(mark.as_str())) {
                return Err(ExpandError::Unused((*name).to_owned()));
            }
        }
        let mut expanded = Self::default();
        for argument in arguments {
            let argument = match argument.to_str() {
                Some(text) => filled(text, &marks, values)?,
                None => argument.clone(),
            };
            expanded.0.push(argument);
        }
        Ok(expanded)
    }

    /// For the launch.
    pub(crate) fn as_slice(&self) -> &[OsString] {
        &self.0
    }
}

impl Drop for Arguments {
    fn drop(&mut self) {
        for text in self.0.drain(..).filter_map(|argument| argument.into_string().ok()) {
            zeroize::Zeroizing::new(text).zeroize();
        }
    }
}

fn filled(text: &str, marks: &[(String, &str)], values: &[(&str, &Secret)]) -> Result<OsString, ExpandError> {
    let longest: usize = values.iter().map(|(_, value)| value.len()).sum();
    // Never grows, so that no copy stays behind.
    let count = text.matches("{{").count();
    let mut whole = String::with_capacity(text.len() + count * longest);
    let mut rest = text;
    while let Some(at) = rest.find("{{") {
        whole.push_str(&rest[..at]);
        let behind = &rest[at..];
        if let Some((mark, name)) = marks.iter().find(|(mark, _)| behind.starts_with(mark.as_str())) {
            let value = values.iter().find(|(own, _)| own == name).map(|(_, value)| value);
            let value = value.and_then(|value| value.expose_secret_str().ok());
            let value = value.filter(|value| !value.contains('\0'));
            whole.push_str(value.ok_or_else(|| ExpandError::NotText((*name).to_owned()))?);
            rest = &behind[mark.len()..];
        } else {
            whole.push_str("{{");
            rest = &behind[2..];
        }
    }
    whole.push_str(rest);
    Ok(whole.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(arguments: &[&str], values: &[(&str, &str)]) -> Result<Vec<String>, ExpandError> {
        let arguments: Vec<OsString> = arguments.iter().map(Into::into).collect();
        let secrets: Vec<(&str, Secret)> =
            values.iter().map(|(name, value)| (*name, Secret::copy_of(value.as_bytes()))).collect();
        let values: Vec<(&str, &Secret)> = secrets.iter().map(|(name, secret)| (*name, secret)).collect();
        let arguments = Arguments::expanded(&arguments, &values)?;
        Ok(arguments.as_slice().iter().map(|it| it.to_str().unwrap().to_owned()).collect())
    }

    #[test]
    fn a_value_stands_where_its_name_stood_and_nowhere_else() {
        let filled =
            expanded(&["--token={{A}}", "{{A}}{{B}}", "{{C}} {{A} {A}"], &[("A", "1"), ("B", "{{A}}")]);
        assert_eq!(filled.unwrap(), ["--token=1", "1{{A}}", "{{C}} {{A} {A}"]);
    }

    #[test]
    fn what_nobody_uses_or_no_argument_can_hold_is_refused() {
        assert_eq!(expanded(&["x"], &[("A", "1")]), Err(ExpandError::Unused("A".to_owned())));
        assert_eq!(expanded(&["{{A}}"], &[("A", "1\0")]), Err(ExpandError::NotText("A".to_owned())));
        assert_eq!(expanded(&["x"], &[]).unwrap(), ["x"]);
    }
}
