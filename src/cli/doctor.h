/* doctor.h - `gangsaw stats --doctor`: a diagnosis in words and tables, or as JSON.
 * Keeps:   prints what gangsaw/doctor.h says; computes nothing.
 * Threads: the main thread.
 * Next:    doctor.c, stats.c */
#ifndef GSAW_CLI_DOCTOR_H
#define GSAW_CLI_DOCTOR_H

#include <gangsaw/doctor.h>

#include "cli/cli.h"

/* The whole report for people. */
void gsaw__doctor_print(gsaw__cli *cli, const gsaw_codebase *code, const gsaw_diagnosis *self);

/* Append ,"doctor":{...}. */
void gsaw__doctor_field(gsaw__buffer *out, const gsaw_codebase *code, const gsaw_diagnosis *self);

#endif
