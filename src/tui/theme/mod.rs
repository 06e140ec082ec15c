//! Colours by meaning: the view asks for a role, the theme says how it looks.

mod colour;
mod load;

pub use colour::Depth;
pub use load::{NAMES, from_text, load};

use ratatui::style::Style;

/// What a stretch of the screen means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    Text,
    Dim,
    Title,
    Accent,
    Border,
    BorderFocus,
    Selection,
    SelectionIdle,
    Match,
    Header,
    Production,
    ReadOnly,
    Key,
    Disabled,
    Ok,
    Warn,
    Bad,
    SeverityInfo,
    SeverityLow,
    SeverityMedium,
    SeverityHigh,
    SeverityCritical,
    PhaseExpand,
    PhaseMigrate,
    PhaseContract,
    DiffPlus,
    DiffMinus,
    DiffChange,
    SqlKeyword,
    SqlType,
    SqlFunction,
    SqlString,
    SqlNumber,
    SqlComment,
    SqlOperator,
    ChatYou,
    ChatLockstep,
    Gauge,
}

impl Role {
    pub const ALL: [(Self, &'static str); 38] = [
        (Self::Text, "text"),
        (Self::Dim, "dim"),
        (Self::Title, "title"),
        (Self::Accent, "accent"),
        (Self::Border, "border"),
        (Self::BorderFocus, "border.focus"),
        (Self::Selection, "selection"),
        (Self::SelectionIdle, "selection.idle"),
        (Self::Match, "match"),
        (Self::Header, "header"),
        (Self::Production, "production"),
        (Self::ReadOnly, "readonly"),
        (Self::Key, "key"),
        (Self::Disabled, "disabled"),
        (Self::Ok, "ok"),
        (Self::Warn, "warn"),
        (Self::Bad, "bad"),
        (Self::SeverityInfo, "severity.info"),
        (Self::SeverityLow, "severity.low"),
        (Self::SeverityMedium, "severity.medium"),
        (Self::SeverityHigh, "severity.high"),
        (Self::SeverityCritical, "severity.critical"),
        (Self::PhaseExpand, "phase.expand"),
        (Self::PhaseMigrate, "phase.migrate"),
        (Self::PhaseContract, "phase.contract"),
        (Self::DiffPlus, "diff.plus"),
        (Self::DiffMinus, "diff.minus"),
        (Self::DiffChange, "diff.change"),
        (Self::SqlKeyword, "sql.keyword"),
        (Self::SqlType, "sql.type"),
        (Self::SqlFunction, "sql.function"),
        (Self::SqlString, "sql.string"),
        (Self::SqlNumber, "sql.number"),
        (Self::SqlComment, "sql.comment"),
        (Self::SqlOperator, "sql.operator"),
        (Self::ChatYou, "chat.you"),
        (Self::ChatLockstep, "chat.lockstep"),
        (Self::Gauge, "gauge"),
    ];
}

/// A style for every role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    pub name: String,
    /// In the order of [`Role::ALL`].
    styles: Vec<Style>,
}

impl Theme {
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }

    /// A theme from a function, to prove where colours come from.
    #[cfg(test)]
    pub fn from_fn(name: &str, style: impl Fn(Role) -> Style) -> Self {
        Self { name: name.to_owned(), styles: Role::ALL.iter().map(|(role, _)| style(*role)).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_listed_in_their_own_order() {
        for (at, (role, _)) in Role::ALL.iter().enumerate() {
            assert_eq!(*role as usize, at);
        }
    }

    #[test]
    fn every_theme_loads_and_says_how_every_role_looks() {
        for name in NAMES {
            for depth in [Depth::True, Depth::Ansi256, Depth::Ansi16, Depth::None] {
                let theme = load(name, depth).unwrap();
                assert_eq!(theme.styles.len(), Role::ALL.len(), "{name}");
            }
        }
    }

    #[test]
    fn without_colours_there_are_none_but_selection_and_production_still_stand_out() {
        let theme = load("gruvbox", Depth::None).unwrap();
        for (role, name) in Role::ALL {
            let style = theme.style(role);
            assert!(style.fg.is_none() && style.bg.is_none(), "{name}");
        }
        assert_ne!(theme.style(Role::Selection), theme.style(Role::Text));
        assert_ne!(theme.style(Role::Production), theme.style(Role::Text));
    }

    #[test]
    fn an_unknown_theme_is_refused_with_the_ones_there_are() {
        let error = load("sepia", Depth::True).unwrap_err();
        assert!(error.hint.unwrap().contains("gruvbox"));
    }
}
