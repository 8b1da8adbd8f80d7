//! Futures that run side by side in one task.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// A future, or what it resulted in.
enum Slot<F: Future> {
    Running(Pin<Box<F>>),
    Done(F::Output),
}

/// Waits for all futures. The results are in their order.
pub(super) async fn join_all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let slots = futures.into_iter().map(|it| Slot::Running(Box::pin(it)));
    let mut slots: Vec<Slot<F>> = slots.collect();
    poll_fn(|context| {
        let mut is_running = false;
        for slot in &mut slots {
            if let Slot::Running(future) = slot {
                match future.as_mut().poll(context) {
                    Poll::Ready(result) => *slot = Slot::Done(result),
                    Poll::Pending => is_running = true,
                }
            }
        }
        match is_running {
            true => Poll::Pending,
            false => Poll::Ready(()),
        }
    })
    .await;
    let results = slots.into_iter().filter_map(|slot| match slot {
        Slot::Done(result) => Some(result),
        Slot::Running(_) => None,
    });
    results.collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, sleep};

    use super::join_all;

    #[tokio::test(start_paused = true)]
    async fn futures_wait_at_the_same_time_and_keep_their_order() {
        let begun = Instant::now();
        let results = join_all([30, 10, 20].map(|milliseconds| async move {
            sleep(Duration::from_millis(milliseconds)).await;
            milliseconds
        }));
        assert_eq!(results.await, [30, 10, 20]);
        assert_eq!(begun.elapsed(), Duration::from_millis(30));
    }
}
