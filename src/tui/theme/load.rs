//! Themes from TOML: a palette of names, styles by role, and a theme to inherit from.

use super::{Depth, Role, Theme};
use crate::{Error, ErrorCode, Result};
use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The themes that come with the program, in the order in which they are offered.
pub const NAMES: [&str; 8] = ["terminal", "dark", "light", "high-contrast", "gruvbox", "nord", "catppuccin", "plain"];

fn built_in(name: &str) -> Option<&'static str> {
    Some(match name {
        "terminal" => include_str!("../../../themes/terminal.toml"),
        "plain" => include_str!("../../../themes/plain.toml"),
        "base" => include_str!("../../../themes/base.toml"),
        "dark" => include_str!("../../../themes/dark.toml"),
        "light" => include_str!("../../../themes/light.toml"),
        "high-contrast" => include_str!("../../../themes/high-contrast.toml"),
        "gruvbox" => include_str!("../../../themes/gruvbox.toml"),
        "nord" => include_str!("../../../themes/nord.toml"),
        "catppuccin" => include_str!("../../../themes/catppuccin.toml"),
        _ => return None,
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    inherits: Option<String>,
    #[serde(default)]
    palette: BTreeMap<String, String>,
    #[serde(default)]
    styles: BTreeMap<String, Spec>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    fg: Option<String>,
    bg: Option<String>,
    #[serde(default)]
    mods: Vec<String>,
}

/// The theme of this name, in the colours that the terminal has; without colours it is always the plain one.
///
/// # Errors
/// `Config` when there is no such theme or its file makes no sense.
pub fn load(name: &str, depth: Depth) -> Result<Theme> {
    let text = if depth == Depth::None { built_in("plain") } else { built_in(name) };
    let text = text.filter(|_| NAMES.contains(&name)).ok_or_else(|| {
        Error::new(ErrorCode::Config, format!("there is no theme called {name:?}"))
            .hint(format!("Choose one of: auto, {}; or give the path of a .toml file.", NAMES.join(", ")))
    })?;
    from_text(name, text, depth)
}

/// A theme from the text of its file.
///
/// # Errors
/// `Config`, with what is wrong.
pub fn from_text(name: &str, text: &str, depth: Depth) -> Result<Theme> {
    let mut file = read(name, text)?;
    let mut ancestors = Vec::new();
    while let Some(parent) = file.inherits.take() {
        if ancestors.contains(&parent) {
            return Err(wrong(name, format!("{parent:?} is inherited in a circle")));
        }
        let text =
            built_in(&parent).ok_or_else(|| wrong(name, format!("it inherits from {parent:?}, which is no theme")))?;
        let mut older = read(&parent, text)?;
        older.palette.extend(std::mem::take(&mut file.palette));
        older.styles.extend(std::mem::take(&mut file.styles));
        ancestors.push(parent);
        file = older;
    }
    if let Some(unknown) = file.styles.keys().find(|key| !Role::ALL.iter().any(|(_, name)| name == key)) {
        return Err(wrong(name, format!("{unknown:?} is no role")));
    }
    let mut styles = Vec::with_capacity(Role::ALL.len());
    for (_, role) in Role::ALL {
        let spec = file.styles.get(role).cloned().unwrap_or_default();
        styles.push(style(&spec, &file.palette, depth).map_err(|why| wrong(name, format!("{role}: {why}")))?);
    }
    Ok(Theme { name: name.to_owned(), styles })
}

fn read(name: &str, text: &str) -> Result<File> {
    toml::from_str(text).map_err(|why| wrong(name, why.to_string()))
}

fn wrong(name: &str, why: impl std::fmt::Display) -> Error {
    Error::new(ErrorCode::Config, format!("the theme {name:?} cannot be used: {why}"))
        .hint("A theme has `inherits`, a [palette] of names and a [styles] table of roles with fg, bg and mods.")
}

fn style(spec: &Spec, palette: &BTreeMap<String, String>, depth: Depth) -> std::result::Result<Style, String> {
    let colour = |name: &Option<String>| match name {
        None => Ok(None),
        Some(name) => {
            let text = palette.get(name).unwrap_or(name);
            let colour: Color = text.parse().map_err(|_| format!("{text:?} is no colour"))?;
            Ok::<_, String>(depth.nearest(colour))
        }
    };
    let mut style = Style { fg: colour(&spec.fg)?, bg: colour(&spec.bg)?, ..Style::default() };
    for word in &spec.mods {
        style = style.add_modifier(match word.as_str() {
            "bold" => Modifier::BOLD,
            "dim" => Modifier::DIM,
            "italic" => Modifier::ITALIC,
            "underline" => Modifier::UNDERLINED,
            "reverse" => Modifier::REVERSED,
            other => return Err(format!("{other:?} is no modifier")),
        });
    }
    Ok(style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_theme_says_what_is_wrong_with_it() {
        for (text, want) in [
            ("inherits = \"nowhere\"", "nowhere"),
            ("[styles]\ntxt = {}", "no role"),
            ("[styles]\ntext = { fg = \"blurple\" }", "blurple"),
            ("[styles]\ntext = { mods = [\"wavy\"] }", "wavy"),
            ("colour = 1", "colour"),
        ] {
            let error = from_text("mine", text, Depth::True).unwrap_err();
            assert!(error.message.contains(want), "{}", error.message);
        }
    }

    #[test]
    fn a_palette_entry_is_a_name_for_a_colour() {
        let theme = from_text("mine", "inherits='base'\n[palette]\nback='#000000'\nraised='#111111'\nline='#222222'\nmuted='#333333'\ntext='#ffffff'\nred='red'\norange='red'\nyellow='red'\ngreen='red'\ncyan='red'\nblue='#0000ff'\npurple='red'", Depth::True).unwrap();
        assert_eq!(theme.style(Role::Key).fg, Some(Color::Rgb(0, 0, 255)));
    }
}
