//! The signs that are drawn, in Unicode and in ASCII. Signs that mean different things have different shapes.

/// One set of signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symbols {
    pub ascii: bool,
    pub open: &'static str,
    pub closed: &'static str,
    pub leaf: &'static str,
    pub cursor: &'static str,
    pub todo: &'static str,
    pub running: &'static str,
    pub done: &'static str,
    pub failed: &'static str,
    pub skipped: &'static str,
    pub undone: &'static str,
    /// Seen in another way than foreseen.
    pub unlike: &'static str,
    /// Tried on a shadow, not run.
    pub tried: &'static str,
    pub dot: &'static str,
    pub arrow: &'static str,
    pub ellipsis: &'static str,
    pub filled: &'static str,
    pub empty: &'static str,
    /// Rising heights of a sparkline.
    pub bars: [&'static str; 8],
    pub spinner: [&'static str; 4],
}

pub const UNICODE: Symbols = Symbols {
    ascii: false,
    open: "▾",
    closed: "▸",
    leaf: "·",
    cursor: "›",
    todo: "○",
    running: "◐",
    done: "✓",
    failed: "✗",
    skipped: "↷",
    undone: "↶",
    unlike: "≠",
    tried: "◇",
    dot: "·",
    arrow: "→",
    ellipsis: "…",
    filled: "█",
    empty: "░",
    bars: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    spinner: ["◐", "◓", "◑", "◒"],
};

pub const ASCII: Symbols = Symbols {
    ascii: true,
    open: "v",
    closed: ">",
    leaf: "-",
    cursor: ">",
    todo: "o",
    running: "*",
    done: "+",
    failed: "x",
    skipped: "s",
    undone: "u",
    unlike: "!",
    tried: "r",
    dot: "-",
    arrow: "->",
    ellipsis: "..",
    filled: "#",
    empty: ".",
    bars: ["_", ".", ":", "-", "=", "+", "*", "#"],
    spinner: ["|", "/", "-", "\\"],
};

impl Symbols {
    /// By the locale: Unicode only where it says UTF-8 (`LC_ALL`, else `LC_CTYPE`, else `LANG`).
    pub fn from_environment(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|key| lookup(key).filter(|v| !v.is_empty()));
        let locale = locale.unwrap_or_default().to_ascii_lowercase();
        if locale.contains("utf-8") || locale.contains("utf8") { UNICODE } else { ASCII }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_without_utf8_gets_ascii() {
        let of = |value: &'static str| Symbols::from_environment(move |key| (key == "LANG").then(|| value.to_owned()));
        assert!(of("C").ascii);
        assert!(of("").ascii);
        assert!(!of("de_CH.UTF-8").ascii);
    }
}
