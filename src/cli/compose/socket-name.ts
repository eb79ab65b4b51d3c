/** Name of the owner's socket in the data folder. */
export const SOCKET_NAME = 'admin.sock';
