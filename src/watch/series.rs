//! One figure over time.

use std::collections::VecDeque;

/// One figure's history, newest last; `None` where a reading did not have it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    pub points: VecDeque<Option<f64>>,
}

impl Series {
    /// Adds a point and forgets the oldest ones beyond `kept`.
    pub fn push(&mut self, point: Option<f64>, kept: usize) {
        self.points.push_back(point.filter(|value| value.is_finite()));
        while self.points.len() > kept {
            self.points.pop_front();
        }
    }

    /// The points that readings had.
    pub fn known(&self) -> impl DoubleEndedIterator<Item = f64> + '_ {
        self.points.iter().flatten().copied()
    }

    /// The newest point, if the newest reading had it.
    pub fn last(&self) -> Option<f64> {
        self.points.back().copied().flatten()
    }

    pub fn min(&self) -> Option<f64> {
        self.known().reduce(f64::min)
    }

    pub fn max(&self) -> Option<f64> {
        self.known().reduce(f64::max)
    }

    /// The smallest known point that at least `share` (0 to 1) of the known points do not exceed (nearest rank).
    pub fn percentile(&self, share: f64) -> Option<f64> {
        let mut known: Vec<f64> = self.known().collect();
        known.sort_by(f64::total_cmp);
        let wanted = share.clamp(0.0, 1.0) * known.len() as f64;
        known.iter().enumerate().find(|(at, _)| (at + 1) as f64 >= wanted).map(|(_, value)| *value)
    }

    pub fn median(&self) -> Option<f64> {
        self.percentile(0.5)
    }

    /// The newest `width` points for a sparkline, oldest first.
    pub fn tail(&self, width: usize) -> impl ExactSizeIterator<Item = Option<f64>> + '_ {
        self.points.iter().skip(self.points.len().saturating_sub(width)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::Series;
    use proptest::prelude::*;

    fn series(points: &[Option<f64>]) -> Series {
        Series { points: points.iter().copied().collect() }
    }

    #[test]
    fn figures_disregard_readings_without_them() {
        let s = series(&[Some(4.0), None, Some(1.0), Some(3.0), Some(2.0)]);
        assert_eq!((s.min(), s.max(), s.last()), (Some(1.0), Some(4.0), Some(2.0)));
        assert_eq!(s.median(), Some(2.0));
        assert_eq!(s.percentile(1.0), Some(4.0));
        assert_eq!(s.percentile(0.0), Some(1.0));
        assert_eq!(series(&[Some(1.0), None]).last(), None);
        assert_eq!(Series::default().percentile(0.5), None);
    }

    #[test]
    fn a_sparkline_gets_the_newest_points() {
        let s = series(&[Some(1.0), None, Some(3.0)]);
        assert_eq!(s.tail(2).collect::<Vec<_>>(), [None, Some(3.0)]);
        assert_eq!(s.tail(9).len(), 3);
    }

    proptest! {
        #[test]
        fn memory_is_bounded_and_percentiles_are_points(values in prop::collection::vec(0.0..1e9f64, 1..600), share in 0.0..=1.0f64) {
            let mut s = Series::default();
            for value in &values {
                s.push(Some(*value), 240);
            }
            prop_assert_eq!(s.points.len(), values.len().min(240));
            let at = s.percentile(share).unwrap();
            prop_assert!(s.known().any(|v| v.total_cmp(&at).is_eq()));
            prop_assert!(s.min().unwrap() <= at && at <= s.max().unwrap());
        }
    }
}
