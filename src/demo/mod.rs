//! The sample shop database and its application load.
