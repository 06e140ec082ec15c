//! Other linters' comments, so that a repository that has them can change over without touching its files.

mod table;

use super::comment::allowance;
use super::{Accepted, Allowance, Scope};
pub use table::{Peer, all};

/// How a linter writes its comments.
struct Form {
    peer: &'static str,
    /// What the comment begins with. Where one form begins with another, it stands before it.
    lead: &'static str,
    scope: Scope,
}

const fn form(peer: &'static str, lead: &'static str, scope: Scope) -> Form {
    Form { peer, lead, scope }
}

const FORMS: &[Form] = &[
    form("squawk", "squawk-ignore-file", Scope::File),
    form("squawk", "squawk-ignore", Scope::Statement),
    form("eugene", "eugene: ignore", Scope::Statement),
    form("eugene", "eugene-ignore:", Scope::Statement),
    form("atlas", "atlas:nolint", Scope::Statement),
    form("pgfence", "pgfence-ignore", Scope::Statement),
    form("pgfence", "pgfence: ignore", Scope::Statement),
    form("migrationpilot", "migrationpilot-disable-file", Scope::File),
    form("migrationpilot", "migrationpilot-disable-next-line", Scope::Statement),
    form("migrationpilot", "migrationpilot-disable", Scope::Statement),
];

/// A comment of another linter, without the marks of the comment; `None` for any other.
pub(super) fn read(comment: &str) -> Option<Allowance> {
    let (form, rest) = FORMS.iter().find_map(|form| Some((form, comment.strip_prefix(form.lead)?)))?;
    // `squawk-ignored` is another word.
    if rest.starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_') {
        return None;
    }
    let rest = rest.trim_start_matches(':');
    let rest = rest.lines().next().unwrap_or_default();
    let ids: Vec<&str> = rest.split([',', ' ', '\t']).filter(|id| !id.is_empty()).collect();
    let rules = if ids.is_empty() {
        Accepted::All
    } else {
        let ours = ids.iter().flat_map(|id| table::ours(form.peer, id)).map(|rule| (*rule).to_owned());
        Accepted::Rules(ours.collect())
    };
    Some(allowance(form.peer, form.scope, rules))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_linters_form_is_read() {
        let rules = |comment: &str| match read(comment).unwrap().rules {
            Accepted::Rules(rules) => rules,
            Accepted::All => vec!["all".to_owned()],
        };
        assert_eq!(rules("squawk-ignore ban-drop-column, renaming-table"), ["drop-column", "rename-table"]);
        assert_eq!(rules("eugene: ignore E6"), ["index-not-concurrent", "index-on-partitioned-table"]);
        assert_eq!(rules("atlas:nolint DS102 DS103"), ["drop-table", "drop-column"]);
        assert!(rules("atlas:nolint destructive").contains(&"drop-column".to_owned()));
        assert_eq!(rules("atlas:nolint"), ["all"]);
        assert_eq!(rules("pgfence-ignore: drop-column"), ["drop-column"]);
        assert_eq!(rules("migrationpilot-disable MP026"), ["drop-table"]);
        assert_eq!(read("migrationpilot-disable-file").unwrap().scope, Scope::File);
        assert_eq!(read("squawk-ignored x"), None);
        assert!(rules("squawk-ignore some-rule-of-tomorrow").is_empty(), "an unknown id accepts nothing");
    }
}
