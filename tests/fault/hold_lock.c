/* hold-lock FILE - takes a package manager's lock as it would (fcntl) and keeps it until it is
 * stopped. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = argc == 2 ? open(argv[1], O_RDWR | O_CREAT, 0640) : -1;

	if (fd < 0 || fcntl(fd, F_SETLK, &lock) < 0) {
		perror("hold-lock");
		return 1;
	}
	for (;;)
		(void)pause();
}
