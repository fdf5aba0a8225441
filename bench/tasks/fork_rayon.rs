// fork_rayon.rs - rayon: join, which its documentation prefers to scope and spawn ("can be much
// more efficient": nothing is allocated).
// Next:   fork.h

mod measure;

const FORK_N: usize = 32;
const FORK_ROUNDS: u32 = 5;
const FORK_RESULT: u64 = 2178309;
const FORK_SPAWNS: u32 = 3524577;

fn fibonacci(n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let (one, other) = rayon::join(|| fibonacci(n - 1), || fibonacci(n - 2));
    one + other
}

fn main() {
    let workers = measure::argument(1, 1);
    let n = measure::argument(2, FORK_N) as u64; // not known to the compiler
    let pool = measure::pool(workers);
    let mut series = measure::Series::new("fork and join");
    for _ in 0..FORK_ROUNDS {
        let start = std::time::Instant::now();
        let result = pool.install(|| fibonacci(n));
        series.add_since(start, FORK_SPAWNS);
        assert_eq!(result, FORK_RESULT);
    }
    measure::print(workers, FORK_RESULT, &[series]);
}
