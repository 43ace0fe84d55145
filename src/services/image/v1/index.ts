// Image v1 (reference chapter 12): an older dialect over the same images.
import { listBrief, listDetail, listDetails } from './list.ts'
import { getMembers, listShared, putMember, removeMember, replaceMembers } from './members.ts'
import { getImage, headImage } from './show.ts'
import { postImage, putImage, removeImage } from './write.ts'

export const v1Operations = [
  listBrief,
  listDetail,
  listDetails,
  headImage,
  getImage,
  postImage,
  putImage,
  removeImage,
  getMembers,
  replaceMembers,
  putMember,
  removeMember,
  listShared,
]
