//! AMD's cards, without one: RADV, Mesa's driver for them, compiles for a family that it is told to
//! pretend, and tells how many registers its code takes and how many it had no room for.

use std::ffi::CString;
use std::process::Command;

use ash::khr::pipeline_executable_properties;
use ash::vk;

use super::reflect::Specialized;

/// The variable that makes it pretend.
const FAMILY: &str = "RADV_FORCE_FAMILY";

/// The driver, pretending.
pub(crate) struct Radv {
    device: ash::Device,
    statistics: pipeline_executable_properties::Device,
    instance: ash::Instance,
    // The library goes last.
    _entry: ash::Entry,
}

impl Drop for Radv {
    fn drop(&mut self) {
        // SAFETY: nobody has them any more, and what was made of the device goes with it: it waits for
        // nothing, since nothing was submitted.
        unsafe {
            self.device.destroy_device(None);
            self.instance.destroy_instance(None);
        }
    }
}

/// Runs an ignored test of this program, to which the driver pretends to be of a family; what it
/// prints, where it passes.
pub(crate) fn pretending(family: &str, test: &str) -> Result<String, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command.args(["--ignored", "--exact", "--nocapture", test]).env(FAMILY, family);
    let output = command.output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.success() {
        true => Ok(said),
        false => Err(said + &String::from_utf8_lossy(&output.stderr)),
    }
}

impl Radv {
    /// Nothing where there is no such driver.
    pub(crate) fn open() -> Result<Option<Self>, vk::Result> {
        // SAFETY: nothing else has this library's functions yet; it stays loaded as long as `Self`.
        let Ok(entry) = (unsafe { ash::Entry::load() }) else { return Ok(None) };
        let application = vk::ApplicationInfo::default().api_version(vk::API_VERSION_1_3);
        let info = vk::InstanceCreateInfo::default().application_info(&application);
        // SAFETY: what the info points to lives to the end of the function.
        let instance = match unsafe { entry.create_instance(&info, None) } {
            Err(vk::Result::ERROR_INCOMPATIBLE_DRIVER) => return Ok(None),
            instance => instance?,
        };
        // SAFETY: the instance is alive, as in what follows.
        let adapters = unsafe { instance.enumerate_physical_devices() }?;
        let pretended = adapters.into_iter().find(|adapter| {
            // SAFETY: the adapter is one of the instance's.
            let properties = unsafe { instance.get_physical_device_properties(*adapter) };
            let name = properties.device_name_as_c_str().unwrap_or_default();
            name.to_string_lossy().starts_with("Null hardware (RADV")
        });
        let Some(adapter) = pretended else { return Ok(None) };
        let queue = [vk::DeviceQueueCreateInfo::default().queue_priorities(&[1.0])];
        let extensions = [pipeline_executable_properties::NAME.as_ptr()];
        let mut properties = vk::PhysicalDevicePipelineExecutablePropertiesFeaturesKHR::default()
            .pipeline_executable_info(true);
        let info = vk::DeviceCreateInfo::default()
            .queue_create_infos(&queue)
            .enabled_extension_names(&extensions)
            .push_next(&mut properties);
        // SAFETY: the adapter is one of the instance's, and has the extension.
        let device = unsafe { instance.create_device(adapter, &info, None) }?;
        let statistics = pipeline_executable_properties::Device::new(&instance, &device);
        Ok(Some(Self { device, statistics, instance, _entry: entry }))
    }

    /// The code's statistics, by their names.
    pub(crate) fn compile(
        &self,
        shader: &Specialized,
        words: &[u32],
        bindings: usize,
        immediates: u32,
    ) -> Result<Vec<(String, u64)>, vk::Result> {
        let bindings: Vec<_> = (0..bindings as u32)
            .map(|binding| {
                vk::DescriptorSetLayoutBinding::default()
                    .binding(binding)
                    .descriptor_type(vk::DescriptorType::STORAGE_BUFFER)
                    .descriptor_count(1)
                    .stage_flags(vk::ShaderStageFlags::COMPUTE)
            })
            .collect();
        let set = vk::DescriptorSetLayoutCreateInfo::default().bindings(&bindings);
        let constants = [vk::PushConstantRange::default()
            .stage_flags(vk::ShaderStageFlags::COMPUTE)
            .size(immediates)];
        let entry = CString::new(shader.entry.clone()).expect("a name without zeros");
        let module = vk::ShaderModuleCreateInfo::default().code(words);
        // SAFETY: naga has validated the module and written it for what `bindings` and `constants`
        // declare; every info lives until its call is done. A union is read as what its format says.
        unsafe {
            let sets = [self.device.create_descriptor_set_layout(&set, None)?];
            let layout = vk::PipelineLayoutCreateInfo::default()
                .set_layouts(&sets)
                .push_constant_ranges(&constants);
            let layout = self.device.create_pipeline_layout(&layout, None)?;
            let stage = vk::PipelineShaderStageCreateInfo::default()
                .stage(vk::ShaderStageFlags::COMPUTE)
                .module(self.device.create_shader_module(&module, None)?)
                .name(&entry);
            let pipeline = vk::ComputePipelineCreateInfo::default()
                .flags(vk::PipelineCreateFlags::CAPTURE_STATISTICS_KHR)
                .stage(stage)
                .layout(layout);
            let pipelines = self
                .device
                .create_compute_pipelines(vk::PipelineCache::null(), &[pipeline], None)
                .map_err(|(_, error)| error)?;
            let executable = vk::PipelineExecutableInfoKHR::default().pipeline(pipelines[0]);
            let statistics = self.statistics.get_pipeline_executable_statistics(&executable)?;
            let number = |of: &vk::PipelineExecutableStatisticKHR<'_>| {
                let name = of.name_as_c_str().unwrap_or_default().to_string_lossy().into_owned();
                assert_eq!(of.format, vk::PipelineExecutableStatisticFormatKHR::UINT64, "{name}");
                (name, of.value.u64)
            };
            Ok(statistics.iter().map(number).collect())
        }
    }
}
