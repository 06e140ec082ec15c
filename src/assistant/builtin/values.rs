//! Values as SQL: literals, moments, function calls and small expressions over columns.

use super::draft::{Draft, Flow, Stop};
use super::tokens::{Kind, Token};
use crate::schema::{QName, TypeKind};

/// What a value is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Want<'a> {
    /// The table whose columns a value may name; `None` where it may name none (defaults).
    pub table: Option<&'a QName>,
    /// The type of the column that gets the value, or is compared with it.
    pub data_type: Option<&'a str>,
}

/// How many tokens the value at the start of `tokens` takes; 0 when there is none.
pub(super) fn length(tokens: &[Token]) -> usize {
    match tokens {
        [] => 0,
        [sign, number, ..] if sign.is("-") && number.kind == Kind::Number => 2,
        [one, two, ..] if one.is_any(&["current", "empty", "right"]) && two.kind == Kind::Word => 2,
        [one, open, ..] if one.kind == Kind::Word && open.is("(") => 1 + in_brackets(tokens.split_at(1).1),
        [open, ..] if open.is("(") => in_brackets(tokens),
        [one, ..] if one.kind == Kind::Symbol => 0,
        _ => 1,
    }
}

/// The tokens from an opening bracket to its closing one, both counted; 0 when it is not closed.
pub(super) fn in_brackets(tokens: &[Token]) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        if token.is("(") {
            depth += 1;
        } else if token.is(")") {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return at + 1;
            }
        }
    }
    0
}

impl Draft<'_> {
    /// All of `tokens` as one SQL value.
    pub fn value(&self, tokens: &[Token], want: Want<'_>) -> Flow<String> {
        let tokens = match tokens {
            [first, rest @ ..] if !rest.is_empty() && first.is_any(&["value", "="]) => rest,
            all => all,
        };
        match tokens {
            [] => Err(Stop::No),
            [only] => self.single(only, want),
            [sign, number] if sign.is("-") && number.kind == Kind::Number => Ok(format!("-{}", number.text)),
            [one, two] if one.is_any(&["current", "right"]) && two.is_any(&["time", "timestamp", "now", "moment"]) => {
                Ok("CURRENT_TIMESTAMP".into())
            }
            [one, two] if one.is("current") && two.is_any(&["date", "day"]) => Ok("CURRENT_DATE".into()),
            [one, two] if one.is_any(&["empty", "blank"]) && two.is_any(&["string", "text"]) => {
                Ok(self.syntax.literal(""))
            }
            [one, two] if one.is("empty") && two.is_any(&["object", "json"]) => Ok(self.syntax.literal("{}")),
            [one, two] if one.is("empty") && two.is_any(&["array", "list"]) => Ok(self.syntax.literal("[]")),
            _ => self.expression(tokens, want).or_else(|stop| self.bare_words(tokens, want).map_err(|_| stop)),
        }
    }

    fn single(&self, token: &Token, want: Want<'_>) -> Flow<String> {
        match token.kind {
            Kind::Text | Kind::Quoted => Ok(self.syntax.literal(&token.text)),
            Kind::Number if self.is_text(want.data_type) && want.data_type.is_some() => {
                Ok(self.syntax.literal(&token.text))
            }
            Kind::Number => Ok(token.text.clone()),
            Kind::Symbol => Err(Stop::No),
            Kind::Word => self.word(token, want),
        }
    }

    fn word(&self, token: &Token, want: Want<'_>) -> Flow<String> {
        let text_wanted = want.data_type.is_some() && self.is_text(want.data_type);
        Ok(match token.lower.as_str() {
            "null" | "nothing" => "NULL".into(),
            "true" | "false" => token.lower.clone(),
            "yes" | "on" if !text_wanted => "true".into(),
            "no" | "off" if !text_wanted => "false".into(),
            "zero" => "0".into(),
            "now" | "current_timestamp" => "CURRENT_TIMESTAMP".into(),
            "today" | "current_date" => "CURRENT_DATE".into(),
            "blank" | "empty" if text_wanted => self.syntax.literal(""),
            _ => {
                if let Some(column) = self.column_value(token, want)? {
                    return Ok(column);
                }
                if !self.is_text(want.data_type) {
                    return Err(Stop::No);
                }
                self.syntax.literal(self.enum_spelling(&token.text, want.data_type).as_deref().unwrap_or(&token.text))
            }
        })
    }

    fn column_value(&self, token: &Token, want: Want<'_>) -> Flow<Option<String>> {
        let Some(table) = want.table else { return Ok(None) };
        let bare = token.text.rsplit('.').next().unwrap_or(&token.text);
        Ok(self.column_named(table, bare)?.map(|column| self.syntax.ident(&column)))
    }

    /// An enum's value in the enum's own spelling.
    fn enum_spelling(&self, written: &str, data_type: Option<&str>) -> Option<String> {
        let values = self.enum_values(data_type?)?;
        values.iter().find(|v| v.eq_ignore_ascii_case(written)).cloned()
    }

    /// The values of an enum type by its canonical name.
    pub fn enum_values(&self, data_type: &str) -> Option<&Vec<String>> {
        self.schema.types.values().find_map(|t| match &t.kind {
            TypeKind::Enum { values } if t.name.name == data_type || t.name.to_string() == data_type => Some(values),
            _ => None,
        })
    }

    /// Whether a word without quotes can be a value of the type: texts, enums, and what is not known.
    pub fn is_text(&self, data_type: Option<&str>) -> bool {
        let Some(data_type) = data_type else { return true };
        let lower = data_type.to_lowercase();
        ["char", "text", "clob"].iter().any(|t| lower.contains(t)) || self.enum_values(data_type).is_some()
    }

    fn bare_words(&self, tokens: &[Token], want: Want<'_>) -> Flow<String> {
        let plain = tokens.len() <= 6 && tokens.iter().all(|t| matches!(t.kind, Kind::Word | Kind::Number));
        let keyword = tokens.iter().any(|t| {
            t.is_any(&[
                "where", "for", "when", "if", "and", "or", "to", "in", "on", "from", "with", "by", "as", "default",
            ])
        });
        if plain && !keyword && want.data_type.is_some() && self.is_text(want.data_type) {
            let words: Vec<&str> = tokens.iter().map(|t| t.text.as_str()).collect();
            return Ok(self.syntax.literal(&words.join(" ")));
        }
        Err(Stop::No)
    }

    /// Columns, numbers, literals, calls and operators.
    pub fn expression(&self, tokens: &[Token], want: Want<'_>) -> Flow<String> {
        let mut out = String::new();
        let mut depth = 0_i32;
        let mut value_before = false;
        for (at, token) in tokens.iter().enumerate() {
            let next_opens = tokens.get(at + 1).is_some_and(|t| t.is("("));
            let (piece, is_value) = match token.kind {
                Kind::Text | Kind::Quoted => (self.syntax.literal(&token.text), true),
                Kind::Number => (token.text.clone(), true),
                Kind::Symbol if token.is_any(&["+", "-", "*", "/", "|", "%"]) => (token.text.clone(), false),
                Kind::Symbol if token.is_any(&["(", ")", ","]) => (token.text.clone(), token.is(")")),
                Kind::Symbol => return Err(Stop::No),
                Kind::Word if next_opens && is_function(&token.lower) => (token.lower.clone(), false),
                Kind::Word if token.is_any(&["plus", "minus", "times"]) => (
                    if token.is("plus") {
                        "+"
                    } else if token.is("minus") {
                        "-"
                    } else {
                        "*"
                    }
                    .into(),
                    false,
                ),
                Kind::Word if token.is_any(&["null", "true", "false", "current_timestamp", "current_date"]) => {
                    (token.text.clone(), true)
                }
                Kind::Word => (self.column_value(token, want)?.ok_or(Stop::No)?, true),
            };
            if is_value && value_before && piece != ")" {
                return Err(Stop::No);
            }
            depth += i32::from(piece == "(") - i32::from(piece == ")");
            let tight = out.is_empty()
                || out.ends_with('(')
                || matches!(piece.as_str(), ")" | "," | "(")
                || piece == "|" && out.ends_with('|');
            if !tight {
                out.push(' ');
            }
            out.push_str(&piece);
            value_before = is_value;
        }
        if depth == 0 && value_before { Ok(out) } else { Err(Stop::No) }
    }
}

/// A name that may be called: plain, so that nothing but a call can come of it.
fn is_function(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
}
