//! A throw-away database file.

use crate::engine::{Private, PrivateFolder, Target};
use crate::{Error, ErrorCode, Result};

/// Makes an empty file (which SQLite takes for an empty database) in a folder of its own.
pub(super) fn make() -> Result<Private> {
    let folder = PrivateFolder::make()?;
    let path = folder.path().join("shop.db");
    std::fs::File::create(&path)
        .map_err(|why| Error::new(ErrorCode::File, format!("{} cannot be made: {why}", path.display())))?;
    let target = Target::parse(&format!("sqlite:{}", path.display()))?;
    Ok(Private::new(target, folder))
}
