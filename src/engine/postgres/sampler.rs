//! Reads the gauges.

use super::connect::Route;
use crate::engine::{Focus, Sample, Sampler};
use crate::{Error, ErrorCode, Result};

pub(super) struct PostgresSampler;

impl PostgresSampler {
    pub(super) async fn open(_route: &Route, _version: u32) -> Result<Self> {
        Err(Error::new(ErrorCode::Unsupported, "the gauges of PostgreSQL cannot be read yet"))
    }
}

#[async_trait::async_trait]
impl Sampler for PostgresSampler {
    async fn sample(&mut self, _focus: &Focus) -> Result<Sample> {
        Err(Error::new(ErrorCode::Unsupported, "the gauges of PostgreSQL cannot be read yet"))
    }
}
