/* cli/render.h - values as text for a person. */
#pragma once

#include <stdio.h>

struct facts;
struct page;
struct plan;
struct verification;

void render_facts(FILE *out, const struct facts *f);
void render_ports(FILE *out, const struct facts *f);
void render_plan(FILE *out, const struct plan *p, const struct facts *f);

/* The same on a page whose width and colour are set. */
void render_plan_page(const struct page *page, const struct plan *p, const struct facts *f);

void render_verification(FILE *out, const struct verification *v, const struct facts *f);
