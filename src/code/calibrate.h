/* calibrate.h - how much slower a file is parsed while other CPUs parse, too: measured.
 * Keeps:   files of the last run, in proportion to the time that each size took; interleaved
 *          rounds, medians. What cannot be measured counts as 1.
 * Threads: the caller's and as many as are measured, which have ended when it returns.
 * Next:    calibrate.c, doctor.c. Source of the law beyond what was measured: the first term of
 *          Gunther's universal scalability law, "Guerrilla Capacity Planning" (2007), chapter 4:
 *          the work of N takes 1 + s (N - 1) times as long. */
#ifndef GSAW_CODE_CALIBRATE_H
#define GSAW_CODE_CALIBRATE_H

#include "code/codebase.h"

#define GSAW_CALIBRATION_POINTS 8

/* One number of workers. */
typedef struct gsaw__calibration_point {
    uint32_t workers;
    double factor;    /* time of a file beside that alone: the median of the rounds */
    double low, high; /* quartiles */
} gsaw__calibration_point;

typedef struct gsaw__calibration {
    gsaw__calibration_point points[GSAW_CALIBRATION_POINTS]; /* 1 first, then rising */
    uint32_t count;      /* of points; 0: nothing could be measured */
    uint32_t rounds;     /* each a pass for each point */
    uint64_t elapsed_ns; /* of all of it */
} gsaw__calibration;

/* Measure for 1, 2, 4 ... `cpus` workers, in about budget_ns (more for many CPUs or large files).
 * Errors: GSAW_NO_MEMORY. Without files to parse, or if they cannot be opened any more: no points,
 * and GSAW_OK. */
gsaw_status gsaw__calibrate(const gsaw_codebase *codebase, uint32_t cpus, uint64_t budget_ns,
                            gsaw__calibration *out);

/* The factor for a number of workers (in the mean): between the points by a straight line, beyond
 * the last one as it was there, or (grows) by the law. At least 1. */
double gsaw__calibration_factor(const gsaw__calibration *self, double workers, bool grows);

#endif
