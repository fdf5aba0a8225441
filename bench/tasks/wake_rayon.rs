// wake_rayon.rs - rayon: ThreadPool::spawn from a thread that is none of the pool's.
// Next:   wake.h

mod measure;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

const WAKE_SOON: usize = 2000;
const WAKE_PARKED: usize = 150;
const WAKE_SOON_NS: u64 = 20_000;
const WAKE_PARKED_NS: u64 = 1_000_000;
const WAKE_PAUSE_NS: u64 = 100_000;

extern "C" {
    fn sched_setaffinity(thread: i32, size: usize, cpus: *const u64) -> i32;
}

/// wake_stay of wake.h, for machines of up to 64 CPUs: pass the number of one.
fn stay(cpu: usize) {
    let cpus = 1u64 << cpu;
    assert_eq!(unsafe { sched_setaffinity(0, 8, &cpus) }, 0);
}

fn once(pool: &rayon::ThreadPool, noted: &Arc<AtomicU64>, pause: u64) -> u64 {
    let (start, at) = (Instant::now(), Arc::clone(noted));
    pool.spawn(move || at.store(start.elapsed().as_nanos() as u64, Ordering::Release));
    while noted.load(Ordering::Acquire) == 0 {
        if pause > 0 {
            std::thread::sleep(Duration::from_nanos(pause));
        }
    }
    noted.swap(0, Ordering::Relaxed)
}

fn median(mut times: Vec<u64>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2] as f64
}

fn main() {
    let workers = measure::argument(1, 1);
    let cpus = std::thread::available_parallelism().map_or(1, |count| count.get().min(64));
    let pool = measure::pool(workers);
    pool.install(|| stay(0));
    stay(cpus - 1);
    let noted = Arc::new(AtomicU64::new(0));
    let mut soon = measure::Series::new("20 us later");
    let mut parked = measure::Series::new("parked");
    soon.add(median((0..WAKE_SOON).map(|_| {
        measure::burn(WAKE_SOON_NS);
        once(&pool, &noted, 0)
    }).collect()));
    parked.add(median((0..WAKE_PARKED).map(|_| {
        std::thread::sleep(Duration::from_nanos(WAKE_PARKED_NS));
        once(&pool, &noted, WAKE_PAUSE_NS)
    }).collect()));
    measure::print(workers, WAKE_SOON as u64, &[soon, parked]);
}
