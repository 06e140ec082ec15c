//! SQLite.

mod private_file;

/// The engine.
#[derive(Clone, Copy, Debug)]
pub struct Sqlite;

#[async_trait::async_trait]
impl super::Engine for Sqlite {
    fn kind(&self) -> crate::schema::EngineKind {
        crate::schema::EngineKind::Sqlite
    }

    fn dialect(&self) -> std::sync::Arc<dyn super::Dialect> {
        unimplemented!()
    }

    async fn connect(
        &self,
        _target: &super::Target,
        _options: &super::ConnectOptions,
    ) -> crate::Result<std::sync::Arc<dyn super::Database>> {
        unimplemented!()
    }

    async fn private(&self) -> crate::Result<super::Private> {
        private_file::make()
    }

    fn sample_shop(&self) -> &'static str {
        include_str!("sample_shop.sql")
    }
}
