import type { DoctorTexts } from './en.ts';

/** Texts of the doctor, Simplified Chinese. */
export const doctorChinese: DoctorTexts = {
  'node-too-old': 'Node.js {version} 过旧：需要 24.16 或更高的 24 系列版本，或 26。',
  'sqlite-too-old': 'SQLite {version} 有一个缺陷：同时写入和执行检查点可能损坏数据库。',
  'no-full-text-search': '这个 SQLite 编译时没有包含全文搜索。',
  'data-dir-not-writable': '无法写入数据目录 {path}：什么都保存不了。',
  'data-dir-open': '本机的其他用户可以查看数据目录 {path}。',
  'disk-nearly-full': '{path} 所在的磁盘只剩 {megabytes} MB：很快就什么都写不进去了。',
  'signing-key-open': '本机的其他用户可以读取签名密钥 {path}，并冒充此服务器。',
  'no-encryption-package': '已设置 storage.encryption，但缺少软件包 {package}：服务器无法启动。',
  'no-postgres-package': 'storage.engine 为 postgres，但缺少软件包 {package}：服务器无法启动。',
  'no-sodium': '没有 {package} 时，签名耗时加倍。',
  'no-argon2': '没有 {package} 时，登录耗时为三倍。',
  'no-sharp': '没有 {package} 时，服务器不生成缩略图。',
  'web-client-missing': '网页客户端尚未构建：浏览器只会看到一条提示。',
  'port-taken': '另一个程序正在监听 {address}:{port}。',
  'port-forbidden': '此用户不能监听 {address}:{port}：低于 1024 的端口需要权限。',
  'address-unknown': '本机没有地址 {address}：无法打开监听。',
  'open-registration-in-public': '互联网上的任何人都可以在这里注册账号。',
  'no-rate-limits': '没有任何机制减慢试密码的人。',
  'weak-passwords': '密码以测试用的强度加密：拿到数据库的人可以读出密码。',
  'plain-http-in-public': '人们通过未加密的 {url} 访问此服务器：密码可能在途中被读取。',
  'localhost-in-public': '服务器名称为 {name}，其他机器找不到它。名称不可更改。',
};
