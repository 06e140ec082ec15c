//! psql's variables: `:name`, `:'name'`, `:"name"`.

use super::tokens::{Kind, Lexeme, lex};

/// `text` with a blank in the place of each variable's colon, so that the variable is a name or a string of its own and
/// every place stays; `None` where there is no variable.
pub(super) fn without(text: &str) -> Option<String> {
    let mut colons: Vec<usize> = Vec::new();
    let mut brackets = 0_usize;
    let mut before: Option<Lexeme> = None;
    let mut lexemes = lex(text, 0).peekable();
    while let Some(lexeme) = lexemes.next() {
        match lexeme.kind {
            Some(Kind::Sign('[')) => brackets += 1,
            Some(Kind::Sign(']')) => brackets = brackets.saturating_sub(1),
            // `a::int` is a cast, and `a[1:n]` a slice.
            Some(Kind::Sign(':')) if brackets == 0 => {
                let cast = before.as_ref().is_some_and(|before| before.kind == Some(Kind::Sign(':')));
                let named = lexemes.peek().and_then(|next| next.kind);
                if !cast && matches!(named, Some(Kind::Word | Kind::Quoted | Kind::Text)) {
                    colons.push(lexeme.span.start);
                }
            }
            _ => {}
        }
        before = Some(lexeme);
    }
    if colons.is_empty() {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for colon in colons {
        out.push_str(text.get(at..colon)?);
        out.push(' ');
        at = colon + 1;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::without;

    #[test]
    fn variables_lose_their_colon_and_nothing_else_does() {
        let text = "alter table :t add c text default :'d'::text; update :\"t\" set x = :n, y = a::int, z = b[1:n]";
        let plain = "alter table  t add c text default  'd'::text; update  \"t\" set x =  n, y = a::int, z = b[1:n]";
        assert_eq!(without(text).as_deref(), Some(plain));
        assert_eq!(without("select a::int, ':x', $$ :y $$, f(a := 1), b[:x] -- :z"), None);
    }
}
