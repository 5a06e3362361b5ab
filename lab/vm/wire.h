/* lab/vm/wire.h - what ib-lab and the helper inside a machine say to each other.
 *
 * Three ways lead into a machine. The config disk (serial "lab-config") holds the text below; the
 * host writes it whenever it likes, the guest reads it past its cache. The port "lab.host" carries
 * lines: the guest says "parked", "ready"; the host says "apply", the guest then "applied". The
 * ports "lab.exec.N" carry frames, one command at a time each.
 *
 * A port of QEMU may lose bytes when an end goes away, so each frame starts with a mark and the
 * number of the command that it belongs to; a reader skips to the mark. */
#pragma once

#include <stdint.h>

enum {
	WIRE_EXEC_PORTS = 4,
	WIRE_CONFIG_SIZE = 256 << 10,
	WIRE_FRAME_MAX = 16 << 10, /* payload */
};

#define WIRE_MARK 0x4c61624d /* "MbaL" on the wire */

enum wire_type {
	/* To the guest. A disconnected host kills the command. */
	WIRE_START = 1, /* struct wire_start, then argv as strings with their NULs */
	WIRE_INPUT,     /* for stdin; empty: end of file */
	WIRE_RESIZE,    /* struct wire_size */
	WIRE_PING,      /* answered with PONG at any time */
	/* To the host. */
	WIRE_OUTPUT, /* from stdout, or from the terminal */
	WIRE_ERROR,  /* from stderr */
	WIRE_EXIT,   /* int32_t: status, or 128 + signal; the last frame of a command */
	WIRE_PONG,   /* 36 characters: the guest's boot id */
};

/* Both ends are little-endian x86_64. */
struct wire_frame {
	uint32_t mark, command; /* a number that the host draws for each command */
	uint32_t type, size;    /* size of the payload, which follows */
};

struct wire_size {
	uint16_t rows, columns;
};

struct wire_start {
	struct wire_size size;
	uint32_t terminal; /* 1: run it on a terminal of that size */
};

/* The text of the config disk: lines KEY=VALUE, ended by a NUL.
 *
 *	mode=park|run       park: wait before all that is one VM's own (a snapshot is made here)
 *	name address mac gateway machine_id
 *	route=ADDRESS       a host route through the gateway; may occur again
 *	seed=HEX            mixed into the kernel's random pool
 *	agent=0|1           whether the Azure agent starts at boot
 *	agent_disk=0|1      whether the third disk holds the agent to use
 *	vmbus=0|1 adapter=0|1 pci=15b3:101c:020700,...
 *	guid=0x00155dfffe330200   of the first device
 *	port=4 rate=200     of each InfiniBand port; rate 0: what the adapter has
 *	file=PATH MODE HEX  a file to write at boot; may occur again */
