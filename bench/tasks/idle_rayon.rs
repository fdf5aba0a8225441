// idle_rayon.rs - rayon: one task sleeps, the main thread waits for it; all threads worked before.
// Next:   idle.h

mod measure;

use std::time::{Duration, Instant};

extern "C" {
    fn clock_gettime(clock: i32, time: *mut [i64; 2]) -> i32;
}

/// CPU time of the process in ns.
fn cpu_ns() -> i64 {
    let mut time = [0; 2];
    assert_eq!(unsafe { clock_gettime(2, &mut time) }, 0);
    time[0] * 1_000_000_000 + time[1]
}

fn main() {
    let workers = measure::argument(1, 2);
    let pool = measure::pool(workers);
    let mut series = measure::Series::new("per cent");
    pool.broadcast(|_| measure::burn(1_000_000));
    series.add(pool.install(|| {
        std::thread::sleep(Duration::from_millis(200));
        let (before, start) = (cpu_ns(), Instant::now());
        std::thread::sleep(Duration::from_millis(1500));
        (cpu_ns() - before) as f64 * 100.0 / start.elapsed().as_nanos() as f64
    }));
    measure::print(workers, 0, &[series]);
}
