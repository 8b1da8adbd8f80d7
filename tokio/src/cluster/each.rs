//! A request to each of some brokers, whose answers are kept apart.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use kafka_codec::{Request, ResponseFrame};

use super::attempts::Attempts;
use super::{Brokers, Cluster, ClusterError, Destination};

impl Cluster {
    /// Sends a request to each of some brokers as [`send_to`](Self::send_to) does, to all at the same time, and returns what
    /// each answered, or why it did not: for lists that are useful though a broker is down, and for settings of brokers.
    ///
    /// # Errors
    ///
    /// [`ClusterError`] if all brokers are meant and nobody says who they are.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use kafka_codec::messages::DescribeLogDirsRequest;
    /// use kafka_codec_tokio::{Brokers, Cluster, ClusterOptions};
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let cluster = Cluster::new(ClusterOptions::new(["localhost:9092"]));
    /// let request = DescribeLogDirsRequest { topics: None, ..Default::default() };
    /// for (broker, answer) in cluster.send_to_each(&Brokers::All, &request).await? {
    ///     match answer {
    ///         Ok(response) => println!("broker {broker}: {} directories", response.decode()?.results.len()),
    ///         Err(error) => println!("{error}"),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send_to_each<R: Request>(
        &self,
        brokers: &Brokers,
        request: &R,
    ) -> Result<BTreeMap<i32, Result<ResponseFrame<R>, ClusterError>>, ClusterError> {
        let ids = match brokers {
            Brokers::Only(ids) => ids.clone(),
            Brokers::All => {
                let mut attempts = Attempts::new(R::KEY, self.0.options.deadline);
                match self.current_brokers(&mut attempts).await {
                    Ok(ids) => ids,
                    Err(end) => return Err(attempts.into_error(end)),
                }
            }
        };
        let answers = ids
            .iter()
            .map(|id| self.send_to(Destination::Broker(*id), request));
        let answers = join_all(answers).await;
        Ok(ids.into_iter().zip(answers).collect())
    }
}
