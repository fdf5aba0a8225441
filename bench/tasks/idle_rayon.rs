// idle_rayon.rs - rayon: one task sleeps, the main thread waits for it; all threads had work before.
// Next:   idle.h

mod measure;

use std::time::{Duration, Instant};

/// CPU time of the process in clock ticks, of which there are 100 a second.
fn ticks() -> u64 {
    let text = std::fs::read_to_string("/proc/self/stat").expect("stat");
    let fields: Vec<&str> = text.rsplit(')').next().expect("fields").split_whitespace().collect();
    (11..13).map(|i| fields[i].parse::<u64>().expect("ticks")).sum()
}

fn main() {
    let workers = measure::argument(1, 2);
    let pool = measure::pool(workers);
    let mut series = measure::Series::new("per cent");
    pool.broadcast(|_| measure::burn(1_000_000));
    series.add(pool.install(|| {
        std::thread::sleep(Duration::from_millis(200));
        let (before, start) = (ticks(), Instant::now());
        std::thread::sleep(Duration::from_millis(1500));
        (ticks() - before) as f64 / start.elapsed().as_secs_f64()
    }));
    measure::print(workers, 0, &[series]);
}
