// Who may do what of images, told apart from the rules themselves, so that a rule that says something else is noticed.
import { whoMay } from '../../testing/persona-matrix.ts'
import { admins, everybody, members, type PersonaName, readers, strangers } from '../../testing/personas.ts'

/** The project that the image with members is shared with. */
const invited: PersonaName = 'member of another project'

/** Names of rules, and those who may. */
const byRule: [who: readonly PersonaName[], rules: string][] = [
  [
    admins,
    `cache_list cache_image cache_delete stores_info_detail tasks_api_access add_metadef_namespace modify_metadef_namespace
    delete_metadef_namespace add_metadef_object modify_metadef_object delete_metadef_object add_metadef_property modify_metadef_property
    remove_metadef_property add_metadef_tag add_metadef_tags modify_metadef_tag delete_metadef_tag delete_metadef_tags
    add_metadef_resource_type_association remove_metadef_resource_type_association`,
  ],
  // What is made is asked for in the project's name.
  [
    members,
    `add_image modify_image delete_image upload_image download_image deactivate reactivate add_member delete_member
    delete_image_location`,
  ],
  [
    readers,
    `get_image get_metadef_namespace get_metadef_object get_metadef_objects get_metadef_property get_metadef_properties get_metadef_tag
    get_metadef_tags get_metadef_resource_type`,
  ],
  // Who is invited sees with whom else the image is shared only as far as it is shared with the own project.
  [[...readers, invited], 'get_member get_members'],
  [[...admins, invited], 'modify_member'],
  [[...readers, ...strangers], 'get_images get_metadef_namespaces list_metadef_resource_types'],
  [everybody, 'default'],
]

/** Who may ask for that operation, or undefined when the table says nothing of it. */
export const mayDo = whoMay('', byRule)
