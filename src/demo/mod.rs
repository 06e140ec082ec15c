//! The sample shop database and its application load.

mod load;
mod shop;

pub use load::Load;
pub use shop::Shop;
