//! The text difference of two definitions.

/// One line of a text difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub sign: Sign,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    Same,
    Added,
    Removed,
}

/// Lines of `before` and `after` with their signs; long runs without a change are left out but for `context` lines.
pub fn text_diff(_before: &str, _after: &str, _context: usize) -> Vec<Line> {
    Vec::new()
}
