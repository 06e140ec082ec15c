//! Moving in a list and in a text, and which part of them is in sight.

/// A movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Move {
    Up,
    Down,
    PageUp,
    PageDown,
    Top,
    Bottom,
}

impl Move {
    /// Where the selection goes in a list of `len`.
    pub fn apply(self, selected: usize, len: usize, page: usize) -> usize {
        let last = len.saturating_sub(1);
        match self {
            Self::Up => selected.saturating_sub(1),
            Self::Down => selected + 1,
            Self::PageUp => selected.saturating_sub(page.max(1)),
            Self::PageDown => selected + page.max(1),
            Self::Top => 0,
            Self::Bottom => last,
        }
        .min(last)
    }

    /// Where a scrolled text goes; the view clips what is beyond its end.
    pub fn scroll(self, offset: usize, page: usize) -> usize {
        match self {
            Self::Up => offset.saturating_sub(1),
            Self::Down => offset + 1,
            Self::PageUp => offset.saturating_sub(page.max(1)),
            Self::PageDown => offset + page.max(1),
            Self::Top => 0,
            Self::Bottom => usize::MAX / 2,
        }
    }
}

/// The first row in sight of a list whose selection is kept near the middle.
pub fn offset(selected: usize, len: usize, height: usize) -> usize {
    selected.saturating_sub(height / 2).min(len.saturating_sub(height))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_selection_is_always_in_sight(selected in 0_usize..200, len in 1_usize..200, height in 1_usize..60) {
            let selected = selected.min(len - 1);
            let first = offset(selected, len, height);
            prop_assert!(first <= selected && selected < first + height);
            prop_assert!(first == 0 || first + height <= len);
        }

        #[test]
        fn no_movement_leaves_the_list(selected in 0_usize..50, len in 0_usize..50) {
            for m in [Move::Up, Move::Down, Move::PageUp, Move::PageDown, Move::Top, Move::Bottom] {
                prop_assert!(m.apply(selected, len, 10) <= len.saturating_sub(1));
            }
        }
    }
}
